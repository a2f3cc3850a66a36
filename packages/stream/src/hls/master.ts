import type { StreamContext } from "@riptide/core";
import { segmentLengthBytes } from "@riptide/media";
import { ffmpegMissing } from "../converted-body.ts";
import { type BitRates, bitRates } from "./bit-rates.ts";
import { fragmentRendition } from "./fragment-rendition.ts";
import { type HlsAudio, masterPlaylist } from "./master-playlist.ts";
import type { HlsDependencies, Presentation } from "./presentation.ts";
import type { Rendition } from "./resources.ts";

/**
 * The master playlist of a presentation, without the sounds that would have to be converted if there is no ffmpeg. `search` is the
 * query of the request for it, which goes on to all it names. Rejects with `ffmpeg_missing` if nothing is left to play.
 */
export async function masterOf(
  presentation: Presentation,
  context: StreamContext,
  dependencies: HlsDependencies,
  search: string,
): Promise<string> {
  const { texts } = presentation;
  const codecOf = async (rendition: Rendition): Promise<string | undefined> =>
    fragmentRendition(presentation, rendition, context, dependencies)?.codecString();
  const rates = wholeRates(presentation, context);
  const video = presentation.video && {
    ...presentation.video.track,
    ...rates,
    codecString: await codecOf({ kind: "video" }),
  };
  const sounds = presentation.sounds.filter(
    ({ treatment }) => treatment === "copy" || dependencies.encoder !== undefined,
  );
  if (video === undefined && sounds.length === 0) throw ffmpegMissing();
  const audio = await Promise.all(
    sounds.map(async ({ track, treatment }): Promise<HlsAudio> => {
      const codecString = await codecOf({ kind: "audio", index: track.index });
      const channels = treatment === "aac" ? CONVERTED_CHANNELS : track.channels;
      return { ...track, channels, codecString, ...(video === undefined ? rates : NO_RATES) };
    }),
  );
  const subtitles = texts.map(({ track }) => track);
  return masterPlaylist({ video, audio, subtitles, hasIndependentSegments: false, suffix: search });
}

const CONVERTED_CHANNELS = 2;
/** What the sounds take is in the rates of the picture already: those are rates of the file. */
const NO_RATES = { peakBitsPerSecond: 0, averageBitsPerSecond: 0 };

/** What lies in front of the first keyframe are headers and attachments. */
function wholeRates({ plan, index }: Presentation, { provider }: StreamContext): BitRates {
  const media = { start: index[0]!.offsetBytes, end: provider.sizeBytes };
  return bitRates(plan.map((segment) => ({ ...segment, lengthBytes: segmentLengthBytes(segment, media) })));
}

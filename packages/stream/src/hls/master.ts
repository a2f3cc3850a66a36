import type { StreamContext } from "@riptide/core";
import { segmentLengthBytes } from "@riptide/media";
import { bitRates } from "./bit-rates.ts";
import { fragmentRendition } from "./fragment-rendition.ts";
import { type HlsAudio, masterPlaylist } from "./master-playlist.ts";
import type { HlsDependencies, Presentation } from "./presentation.ts";

/** The master playlist of a presentation. `search` is the query of the request for it, which goes on to all it names. */
export async function masterOf(
  presentation: Presentation,
  context: StreamContext,
  dependencies: HlsDependencies,
  search: string,
): Promise<string> {
  const { sounds, texts } = presentation;
  const codecOf = async (rendition: Parameters<typeof fragmentRendition>[1]): Promise<string | undefined> =>
    fragmentRendition(presentation, rendition, context, dependencies)?.codecString();
  const rates = wholeRates(presentation, context);
  const video = presentation.video && {
    ...presentation.video.track,
    ...rates,
    codecString: await codecOf({ kind: "video" }),
  };
  const audio = await Promise.all(
    sounds.map(async ({ track }): Promise<HlsAudio> => {
      const codecString = await codecOf({ kind: "audio", index: track.index });
      return { ...track, codecString, ...(video === undefined ? rates : NO_RATES) };
    }),
  );
  const subtitles = texts.map(({ track }) => track);
  return masterPlaylist({ video, audio, subtitles, hasIndependentSegments: false, suffix: search });
}

/** What the sounds take is in the rates of the picture already: those are rates of the file. */
const NO_RATES = { peakBitsPerSecond: 0, averageBitsPerSecond: 0 };

function wholeRates({ plan, mediaStartBytes }: Presentation, { provider }: StreamContext) {
  const media = { start: mediaStartBytes, end: provider.sizeBytes };
  return bitRates(plan.map((segment) => ({ ...segment, lengthBytes: segmentLengthBytes(segment, media) })));
}

import { MediaError, type StreamContext } from "@riptide/core";
import {
  decodableFrom,
  ENVELOPE_LEAD_SECONDS,
  type EnvelopeTrack,
  envelopeTrack,
  fastStartLayout,
  filmEnvelopeBlocks,
  filmEnvelopeHead,
  type MediaInfo,
  type Packet,
  type Stretch,
} from "@riptide/media";
import type { RemuxPlan } from "@riptide/transcode";
import { chosenAudio, chosenVideo } from "./chosen-tracks.ts";
import type { Film, FilmLibrary } from "./film-library.ts";
import { readPackets } from "./film-packets.ts";
import { codedTrackOf } from "./film-tracks.ts";
import { SequentialReader, type SequentialReaderOptions } from "./sequential-reader.ts";
import { rangesFrom, stretchFrom } from "./start-time.ts";
import { PartsReader } from "./virtual/parts-reader.ts";

export interface Conversion {
  readonly plan: RemuxPlan;
  readonly info: MediaInfo;
  readonly startSeconds: number;
  /** The sound that was asked for; undefined: the default one. */
  readonly audioIndex: number | undefined;
}

/** What ffmpeg is fed. */
export interface ConvertedSource {
  /** As `Conversion.plan`, for what comes in. */
  readonly plan: RemuxPlan;
  readonly open: (options: SequentialReaderOptions) => AsyncGenerator<Uint8Array, void>;
}

/**
 * Of a film that we can read: an envelope of Matroska that holds the tracks that are played, from the place where the film can be
 * entered to play at a time. ffmpeg then sees no container but that. Undefined for what we cannot read, or not put into it.
 * Rejects with `not_seekable` where there is no place to enter.
 */
export async function envelopeSource(
  { plan, info, startSeconds, audioIndex }: Conversion,
  films: FilmLibrary,
  context: StreamContext,
): Promise<ConvertedSource | undefined> {
  const film = await films.film(info.container, context);
  if (film === undefined) return undefined;
  const chosen = [plan.video && chosenVideo(info), plan.audio && chosenAudio(info, audioIndex)];
  const wanted = chosen.filter((track) => track !== undefined);
  const tracks = wanted.flatMap((track, position) => {
    const coded = codedTrackOf(film, track);
    return (coded && envelopeTrack(coded, position + 1)) ?? [];
  });
  if (tracks.length < wanted.length) return undefined;
  const stretch = await stretchFrom(startSeconds, film, films, context);
  const isPictureCopied = plan.video !== undefined && plan.video.codec !== "h264";
  const isSoundCut = !isPictureCopied && plan.audio?.codec !== "aac";
  const soundStartSeconds = isSoundCut ? startSeconds : Number.NEGATIVE_INFINITY;
  return {
    plan: planOfEnvelope(plan, startSeconds),
    open: (options) => envelopeOf({ film, tracks, stretch, soundStartSeconds }, context, options),
  };
}

/** Tracks are counted anew; frames of AAC come without the headers that they had in a transport stream. */
function planOfEnvelope({ video, audio }: RemuxPlan, startSeconds: number): RemuxPlan {
  return {
    demuxer: "matroska",
    video: video && { ...video, index: 0 },
    audio: audio && { index: 0, codec: audio.codec === "aac" ? "aac" : "copy" },
    envelope: { leadSeconds: ENVELOPE_LEAD_SECONDS, startSeconds },
  };
}

interface EnvelopedFilm {
  readonly film: Film;
  readonly tracks: readonly EnvelopeTrack[];
  readonly stretch: Stretch;
  /**
   * Sound in front of it is left out: where it is copied and the picture is not, of all before the time that was asked for. What is
   * decoded needs all that there is, and what begins with a picture that is copied begins where that does.
   */
  readonly soundStartSeconds: number;
}

/** Containers round times to milliseconds. */
const TIME_TOLERANCE_SECONDS = 0.002;

async function* envelopeOf(
  { film, tracks, stretch, soundStartSeconds }: EnvelopedFilm,
  { provider }: StreamContext,
  options: SequentialReaderOptions,
): AsyncGenerator<Uint8Array, void> {
  const coded = tracks.map((track) => track.coded);
  const isDecodable = stretch.from === undefined ? () => true : decodableFrom(coded);
  const sound = coded.find(({ track }) => track.kind === "audio");
  const isHeard = ({ trackNumber, ptsTicks }: Packet): boolean =>
    trackNumber !== sound?.number || ptsTicks / sound.timescale >= soundStartSeconds - TIME_TOLERANCE_SECONDS;
  const wanted = { stretch, tracks: new Set(coded.map(({ number }) => number)) };
  yield filmEnvelopeHead(tracks);
  for await (const packets of readPackets(film.demuxer, wanted, provider, options)) {
    yield filmEnvelopeBlocks(
      tracks,
      packets.filter((packet) => isDecodable(packet) && isHeard(packet)),
    );
  }
}

/**
 * Of any other: the file as it is, through a pipe that ffmpeg reads from start to end. An MP4 that has its index at its end is
 * rearranged for it. Rejects with `not_seekable` where the container cannot be entered in the middle.
 */
export async function fileSource(
  { plan, info, startSeconds }: Conversion,
  films: FilmLibrary,
  context: StreamContext,
): Promise<ConvertedSource> {
  const { provider, signal } = context;
  const ranges = await rangesFrom(startSeconds, info, context, films);
  if (info.container !== "mp4" || info.isFastStart !== false) {
    return { plan, open: (options) => chunksOf(new SequentialReader(provider, ranges, options)) };
  }
  const layout = await fastStartLayout(provider, { signal });
  if (layout === undefined) throw notInOrder();
  const whole = { start: 0, end: layout.sizeBytes };
  return { plan, open: (options) => chunksOf(new PartsReader(layout, whole, provider, options)) };
}

/** What the pipe of a process takes at once: a longer chunk would only lie in memory. */
const INPUT_CHUNK_BYTES = 64 * 1024;

async function* chunksOf(reader: SequentialReader | PartsReader): AsyncGenerator<Uint8Array, void> {
  try {
    for (;;) {
      const chunk = await reader.next(INPUT_CHUNK_BYTES);
      if (chunk === undefined) return;
      yield chunk;
    }
  } finally {
    reader[Symbol.dispose]();
  }
}

function notInOrder(): MediaError {
  return new MediaError(
    "unsupported_media",
    "This MP4 keeps its index at its end, and it cannot be moved. Play the file directly, or download it.",
  );
}

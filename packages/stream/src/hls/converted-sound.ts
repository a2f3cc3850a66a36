import type { StreamContext } from "@riptide/core";
import {
  type AccessUnit,
  type AudioEncoder,
  type AudioGrid,
  type AudioSegment,
  aacTrackOf,
  audioSegments,
  type CodedTrack,
  concatenate,
  encoderProfileOf,
  encodeSegment,
  fragment,
  initSegment,
  segmentFrom,
} from "@riptide/media";
import { CONVERTED_AUDIO } from "../client-abilities.ts";
import { ffmpegMissing, isWorthAnotherTry } from "../converted-body.ts";
import type { FilmSegments } from "../film-segments.ts";
import type { FragmentRendition } from "./fragment-rendition.ts";
import type { PlaylistSegment } from "./media-playlist.ts";
import type { HlsDependencies, Presentation } from "./presentation.ts";
import { soundFrames } from "./sound-frames.ts";

/**
 * A sound as AAC-LC in stereo, in as many segments as the film has, cut where units of AAC end. A segment is a function of its own
 * bytes of the file and of the few before them that its decoder has to hear first. Throws `ffmpeg_missing` if there is none.
 */
export function convertedSound(
  presentation: Presentation,
  coded: CodedTrack,
  context: StreamContext,
  { library, grids, encoder }: HlsDependencies,
): FragmentRendition {
  if (encoder === undefined) throw ffmpegMissing();
  const { film } = presentation;
  const { client } = context;
  const own: AudioEncoder = { encode: (job) => encoder.encode({ ...job, client }) };
  const gridOf = (): Promise<AudioGrid> => grids.of(film, coded, context);
  return {
    async segments() {
      const grid = await gridOf();
      encoder.prepare(encoderProfileOf(grid));
      return playlistSegments(grid, segmentsOf(grid, presentation));
    },
    codecString: async () => CONVERTED_AUDIO,
    initialization: async () => initSegment([{ id: TRACK_ID, coded: aacTrackOf(await gridOf()) }], film.demuxer),
    async *fragments(number, signal, fromSeconds) {
      const grid = await gridOf();
      const whole = segmentsOf(grid, presentation)[number]!;
      const segment = fromSeconds === undefined ? whole : segmentFrom(grid, whole, fromSeconds);
      const part = { ...presentation, grid, segment };
      const bytesPerSecond = library.bytesPerSecond(context);
      const frames = (reading: AbortSignal) => soundFrames(part, context.provider, { signal: reading, bytesPerSecond });
      yield* orOnceMore(() => fragmentsOf(encodeSegment({ grid, segment, frames, encoder: own, signal })));
    },
  };
}

const TRACK_ID = 1;

/** While more is to come, the end of what is known is where the next segment starts, and not that of the film. */
function segmentsOf(grid: AudioGrid, { plan, isComplete }: FilmSegments): readonly AudioSegment[] {
  const starts = plan.map((segment) => segment.startSeconds);
  const endSeconds = plan.at(-1)!.endSeconds;
  return isComplete
    ? audioSegments(grid, { startSeconds: starts, durationSeconds: endSeconds })
    : audioSegments(grid, { startSeconds: [...starts, endSeconds], durationSeconds: Infinity }).slice(0, -1);
}

/** The first one begins at 0, so that it holds the silence before the first unit. */
function playlistSegments({ rateHz }: AudioGrid, segments: readonly AudioSegment[]): PlaylistSegment[] {
  return segments.map(({ startTicks, durationSeconds, index }) => {
    const startSeconds = index === 0 ? 0 : startTicks / rateHz;
    return { startSeconds, endSeconds: startSeconds + durationSeconds };
  });
}

/** 0.2 s and 0.5 s at 48 kHz: as `Fragmenter` does. */
const FIRST_FRAGMENT_UNITS = 10;
const NEXT_FRAGMENT_UNITS = 24;

/** What is encoded, and once more if that fails before anything came of it: nobody has heard anything yet. */
async function* orOnceMore(encode: () => AsyncGenerator<Uint8Array, void>): AsyncGenerator<Uint8Array, void> {
  let hasBegun = false;
  try {
    for await (const bytes of encode()) {
      hasBegun = true;
      yield bytes;
    }
  } catch (error) {
    if (hasBegun || !isWorthAnotherTry(error)) throw error;
    yield* encode();
  }
}

/** Fragments of a fixed number of units, however the encoder hands them out. */
async function* fragmentsOf(batches: AsyncGenerator<readonly AccessUnit[], void>): AsyncGenerator<Uint8Array, void> {
  let pending: AccessUnit[] = [];
  let sequenceNumber = 1;
  const take = (count: number): Uint8Array => {
    const bytes = fragmentOf(sequenceNumber, pending.slice(0, count));
    pending = pending.slice(count);
    sequenceNumber += 1;
    return bytes;
  };
  for await (const units of batches) {
    pending.push(...units);
    while (pending.length >= lengthOf(sequenceNumber)) yield take(lengthOf(sequenceNumber));
  }
  while (pending.length > 0) yield take(lengthOf(sequenceNumber));
}

function lengthOf(sequenceNumber: number): number {
  return sequenceNumber === 1 ? FIRST_FRAGMENT_UNITS : NEXT_FRAGMENT_UNITS;
}

function fragmentOf(sequenceNumber: number, units: readonly AccessUnit[]): Uint8Array {
  const samples = units.map((unit) => ({ ...unit, ptsTicks: unit.dtsTicks, isKeyframe: true }));
  return concatenate(fragment(sequenceNumber, [{ trackId: TRACK_ID, samples }]));
}

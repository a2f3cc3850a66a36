import type { ByteRange, PieceProvider } from "@riptide/core";
import {
  type AudioGrid,
  type AudioSegment,
  type Demuxer,
  type FramesBeforeRequest,
  framesBefore,
  type GridFrame,
  gridFrame,
  hasPreroll,
  type KeyIndexEntry,
  keyIndexEntryAt,
  type Stretch,
  sourceSpan,
} from "@riptide/media";
import { type ReadPacketsOptions, readPackets } from "../film-packets.ts";
import { SequentialReader, type SequentialReaderOptions } from "../sequential-reader.ts";
import type { Presentation } from "./presentation.ts";

export interface SoundPart extends Pick<Presentation, "film" | "plan" | "index"> {
  readonly grid: AudioGrid;
  /** Of the sound. It has the number of the segment of the film whose bytes it needs. */
  readonly segment: AudioSegment;
}

/**
 * The frames that a segment of converted sound needs, in the order of their times: those that a decoder has to hear first, which
 * lie in front of the segment in the file, those of its own bytes, and of those behind it where sound lies far behind its
 * picture. Whoever iterates stops when he has enough. Rejects as the provider does.
 */
export async function* soundFrames(
  part: SoundPart,
  provider: PieceProvider,
  options: SequentialReaderOptions,
): AsyncGenerator<readonly GridFrame[], void> {
  const { film, plan, index, segment } = part;
  const { stretch } = plan[segment.index]!;
  const read: ReadStretch = (wanted, limitBytes) =>
    readFrames(part, wanted, provider, { ...options, ...(limitBytes !== undefined && { limitBytes }) });
  const framesOf = film.demuxer.framesBefore?.bind(film.demuxer);
  // Where sound is entered by its own times, it is entered earlier.
  if (framesOf === undefined) yield* read({ from: earlierEntry(part), to: stretch.to });
  else if (stretch.from === undefined) yield* read(stretch);
  else yield* withPreroll(part, stretch.from, read, (request) => readTail(framesOf, request, provider, options));
  // At most as much again: where the next segment ends may not be known yet, and must not matter.
  const { from = index[0]!, to } = stretch;
  if (to !== undefined) yield* read({ from: to, to: undefined }, to.offsetBytes - from.offsetBytes);
}

type ReadStretch = (stretch: Stretch, limitBytes?: number) => AsyncGenerator<readonly GridFrame[], void>;

async function* readFrames(
  { film, grid }: SoundPart,
  stretch: Stretch,
  provider: PieceProvider,
  options: ReadPacketsOptions,
): AsyncGenerator<readonly GridFrame[], void> {
  const wanted = { stretch, tracks: new Set([grid.source.number]) };
  for await (const packets of readPackets(film.demuxer, wanted, provider, options)) {
    yield packets.map((packet) => gridFrame(grid, packet));
  }
}

/** The first entry is not used: nothing but the start of the film is before it. */
function earlierEntry({ index, grid, segment }: SoundPart): KeyIndexEntry | undefined {
  const entry = keyIndexEntryAt(index, sourceSpan(grid, segment).fromSeconds);
  return entry === index[0] ? undefined : entry;
}

/** Sound lies up to this much behind its picture. */
const SKEW_SECONDS = 0.2;
/** What is looked at costs little, and a second look a round trip through the swarm. */
const TAIL_MIN_BYTES = 64 * 1024;
/** More is no tail: then the whole segment before is read. */
const TAIL_LIMIT_BYTES = 4 * 1024 * 1024;

interface TailRequest extends Omit<FramesBeforeRequest, "open"> {
  readonly entry: KeyIndexEntry;
}

/** The frames of a stretch, and before them the last ones in front of its entry, whose times follow from its first. */
async function* withPreroll(
  part: SoundPart,
  entry: KeyIndexEntry,
  read: ReadStretch,
  readBefore: (request: TailRequest) => Promise<readonly Uint8Array[]>,
): AsyncGenerator<readonly GridFrame[], void> {
  const { plan, grid, segment } = part;
  const track = grid.source.number;
  const own = read(plan[segment.index]!.stretch);
  try {
    let lengthBytes = tailLengthBytes(part, entry);
    const [{ value: first }, tail] = await Promise.all([own.next(), readBefore({ entry, lengthBytes, track })]);
    if (!first) return;
    let before = framesBefore(grid, first[0]!, tail);
    const isEnough = (): boolean => hasPreroll(grid, segment, (before[0] ?? first[0]!).positionSamples);
    while (!isEnough() && lengthBytes < Math.min(TAIL_LIMIT_BYTES, entry.offsetBytes)) {
      lengthBytes *= 4;
      before = framesBefore(grid, first[0]!, await readBefore({ entry, lengthBytes, track }));
    }
    if (isEnough()) yield before;
    else yield* read(plan[segment.index - 1]!.stretch);
    yield first;
    yield* own;
  } finally {
    // Not waited for: if the other read failed, this one is still under way until whoever iterates hears of it and aborts both.
    void own.return();
  }
}

/** As much as the film has played in the time that is wanted, on the average. */
function tailLengthBytes({ grid, segment }: SoundPart, entry: KeyIndexEntry): number {
  const bytesPerSecond = entry.offsetBytes / entry.timeSeconds;
  const seconds = entry.timeSeconds - sourceSpan(grid, segment).fromSeconds + SKEW_SECONDS;
  return Math.min(TAIL_LIMIT_BYTES, Math.max(TAIL_MIN_BYTES, Math.ceil(seconds * bytesPerSecond)));
}

async function readTail(
  framesOf: NonNullable<Demuxer["framesBefore"]>,
  { entry, ...request }: TailRequest,
  provider: PieceProvider,
  options: SequentialReaderOptions,
): Promise<readonly Uint8Array[]> {
  const readers: SequentialReader[] = [];
  const open = (ranges: readonly ByteRange[]): SequentialReader => {
    const reader = new SequentialReader(provider, ranges, options);
    readers.push(reader);
    return reader;
  };
  try {
    return await framesOf(entry, { ...request, open, signal: options.signal });
  } finally {
    for (const reader of readers) reader[Symbol.dispose]();
  }
}

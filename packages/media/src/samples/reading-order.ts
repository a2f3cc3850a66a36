import type { ByteRange } from "@riptide/core";
import { isReadable, type Sample } from "./sample.ts";

/** A sample of a film that has several tracks. */
export interface FilmSample {
  readonly trackNumber: number;
  readonly sample: Sample;
}

/** The samples of one track that are wanted, in decoding order. */
export interface SampleQueue {
  readonly trackNumber: number;
  readonly timescale: number;
  readonly samples: Iterator<Sample, void>;
}

/** Bytes that are read in one go, and the samples in them. */
export interface Area {
  readonly range: ByteRange;
  readonly samples: readonly FilmSample[];
}

/** Files that are meant to be played keep their tracks together within a second or so. */
const LEAD_LIMIT_SECONDS = 2;
/** A gap below this is read over: waiting for a jump takes longer, and peers hand out blocks of 16 KiB anyway. */
const GAP_LIMIT_BYTES = 64 * 1024;

/** So many samples without bytes in a row mean that no more come: the file is cut off, or its tables lead nowhere. */
const UNREADABLE_LIMIT_SAMPLES = 10_000;

interface Head extends SampleQueue {
  sample: Sample;
}

/**
 * The samples of several tracks in the order of their bytes, as long as no track runs ahead of another by more than two seconds:
 * the one that lags is then read on its own until it has caught up, so that nobody has to hold a film to put its sound to it.
 * Samples without bytes in the file are left out.
 */
export function* readingOrder(queues: readonly SampleQueue[], fileSizeBytes: number): Generator<FilmSample, void> {
  const heads = queues.flatMap((queue) => {
    const sample = nextReadable(queue, fileSizeBytes);
    return sample === undefined ? [] : [{ ...queue, sample }];
  });
  let lagging: { readonly head: Head; readonly untilSeconds: number } | undefined;
  while (heads.length > 0) {
    const nearest = lowest(heads, ({ sample }) => sample.offsetBytes);
    const oldest = lowest(heads, secondsOf);
    if (lagging !== undefined && secondsOf(lagging.head) >= lagging.untilSeconds) lagging = undefined;
    if (lagging === undefined && secondsOf(nearest) - secondsOf(oldest) > LEAD_LIMIT_SECONDS) {
      lagging = { head: oldest, untilSeconds: secondsOf(nearest) };
    }
    const head = lagging?.head ?? nearest;
    yield { trackNumber: head.trackNumber, sample: head.sample };
    const next = nextReadable(head, fileSizeBytes);
    if (next !== undefined) head.sample = next;
    else {
      heads.splice(heads.indexOf(head), 1);
      if (lagging?.head === head) lagging = undefined;
    }
  }
}

/** The bytes of samples in the order in which they are read: a new area starts behind a large gap, and where the order jumps back. */
export function areasOf(samples: Iterable<FilmSample>): Area[] {
  const areas: { range: ByteRange; samples: FilmSample[] }[] = [];
  for (const entry of samples) {
    const { offsetBytes, sizeBytes } = entry.sample;
    const end = offsetBytes + sizeBytes;
    const last = areas.at(-1);
    const gapBytes = offsetBytes - (last?.range.end ?? Number.POSITIVE_INFINITY);
    if (last === undefined || gapBytes < 0 || gapBytes >= GAP_LIMIT_BYTES) {
      areas.push({ range: { start: offsetBytes, end }, samples: [entry] });
    } else {
      last.range = { start: last.range.start, end };
      last.samples.push(entry);
    }
  }
  return areas;
}

function nextReadable(queue: SampleQueue, fileSizeBytes: number): Sample | undefined {
  for (let unreadable = 0; unreadable < UNREADABLE_LIMIT_SAMPLES; unreadable += 1) {
    const { value } = queue.samples.next();
    if (value === undefined || isReadable(value, fileSizeBytes)) return value ?? undefined;
  }
  return undefined;
}

function secondsOf({ sample, timescale }: Head): number {
  return sample.dtsTicks / timescale;
}

function lowest(heads: readonly Head[], measure: (head: Head) => number): Head {
  return heads.reduce((best, head) => (measure(head) < measure(best) ? head : best));
}

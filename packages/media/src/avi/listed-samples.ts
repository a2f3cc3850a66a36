import type { Sample } from "../samples/sample.ts";
import type { ChunkTable } from "./chunk-table.ts";
import type { AviTrack } from "./tracks.ts";

/** A part of a stream, from one position (`StreamClock`) to another. */
export interface Window {
  readonly start: number;
  readonly end: number;
}

/** The chunks of a track as samples, and where they are. */
export interface ListedTrack {
  readonly track: AviTrack;
  readonly table: ChunkTable;
}

/**
 * The chunks that begin in a window, in order; their times are positions. Of a sound that falls into frames only after it is read,
 * and whose positions count bytes, they are cut at the ends of the window.
 */
export function* samplesIn({ track, table }: ListedTrack, window: Window): Generator<Sample, void> {
  const isCut = isCuttable(track);
  const first = table.firstFrom(window.start);
  const start = isCut && first > 0 ? first - 1 : first;
  for (let number = start; number < table.count && table.positionOf(number) < window.end; number += 1) {
    const position = table.positionOf(number);
    const skippedBytes = isCut ? Math.max(0, window.start - position) : 0;
    const endBytes = isCut ? Math.min(table.sizeOf(number), window.end - position) : table.sizeOf(number);
    yield {
      offsetBytes: table.offsetOf(number) + skippedBytes,
      sizeBytes: endBytes - skippedBytes,
      dtsTicks: position + skippedBytes,
      ptsTicks: position + skippedBytes,
      durationTicks: 0,
      isKeyframe: table.isKeyframe(number),
    };
  }
}

/** What follows a window, up to so many bytes: chunks are cut there, if not where they begin. */
export function* samplesBehind(
  { track, table }: ListedTrack,
  { end }: Window,
  lengthBytes: number,
): Generator<Sample, void> {
  let leftBytes = lengthBytes;
  for (const sample of samplesIn({ track, table }, { start: end, end: Number.POSITIVE_INFINITY })) {
    if (leftBytes <= 0) return;
    const sizeBytes = Math.min(sample.sizeBytes, leftBytes);
    leftBytes -= Math.max(0, sizeBytes);
    yield { ...sample, sizeBytes };
  }
}

function isCuttable({ framing, clock }: AviTrack): boolean {
  return framing !== undefined && clock.countsBytes;
}

import type { KeyIndex, KeyIndexEntry } from "../key-index.ts";
import { isReadable } from "../samples/sample.ts";
import type { ChunkIndex } from "./chunk-index.ts";
import type { ChunkTable } from "./chunk-table.ts";
import type { AviTrack } from "./tracks.ts";

/** One place a second for a day; finer indexes of longer films lose their end. */
const ENTRIES_LIMIT = 100_000;
/** Where all chunks are keyframes, as in sound, and in films of still pictures. */
const SPACING_SECONDS = 1;

/**
 * The places where a film can be entered: the keyframes of its first pictures, or, where there are none, a chunk of its first sound
 * each second. Only what has bytes in the file, and what comes later than the place before.
 */
export function keyEntries(tracks: readonly AviTrack[], chunks: ChunkIndex, fileSizeBytes: number): KeyIndex {
  const listed = tracks.flatMap((track) => {
    const table = chunks.get(track.streamNumber);
    return table === undefined || table.count === 0 ? [] : [{ track, table }];
  });
  const ofKind = (kind: string) => listed.find(({ track }) => track.coded.track.kind === kind);
  const lead = ofKind("video") ?? ofKind("audio");
  return lead === undefined ? [] : [...entriesOf(lead.track, lead.table, fileSizeBytes)].slice(0, ENTRIES_LIMIT);
}

function* entriesOf({ clock }: AviTrack, table: ChunkTable, fileSizeBytes: number): Generator<KeyIndexEntry> {
  const spacingSeconds = isAllKeyframes(table) ? SPACING_SECONDS : 0;
  const offsets = new Set<number>();
  let lastSeconds = Number.NEGATIVE_INFINITY;
  for (let number = 0; number < table.count; number += 1) {
    const [offsetBytes, sizeBytes] = [table.offsetOf(number), table.sizeOf(number)];
    const timeSeconds = clock.secondsAt(table.positionOf(number));
    const isUsable = table.isKeyframe(number) && isReadable({ offsetBytes, sizeBytes }, fileSizeBytes);
    const isLater = timeSeconds > lastSeconds && timeSeconds >= lastSeconds + spacingSeconds;
    if (!isUsable || !isLater || offsets.has(offsetBytes)) continue;
    offsets.add(offsetBytes);
    lastSeconds = timeSeconds;
    yield { timeSeconds, offsetBytes };
  }
}

function isAllKeyframes(table: ChunkTable): boolean {
  for (let number = 0; number < table.count; number += 1) {
    if (!table.isKeyframe(number)) return false;
  }
  return true;
}

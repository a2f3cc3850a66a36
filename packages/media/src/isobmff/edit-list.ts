import { ByteCursor } from "../byte-cursor.ts";
import { boxAt } from "./box.ts";

/** Entries that are looked at: in front of the media real files have one empty edit, and some have hundreds of cuts behind. */
const ENTRIES_LIMIT = 64;
/** No film starts later, or is cut off further, than this. */
const SHIFT_LIMIT_SECONDS = 24 * 3600;

/**
 * What the edit list of a `trak` (ISO/IEC 14496-12 §8.6.6) adds to the times of its samples, in ticks of the track.
 *
 * Two kinds of edits count: empty ones in front, which show the track later by their duration; and the first of media, which starts
 * with the media time that is shown first: B-frames, the lead-in of an AAC or Opus encoder, or a start that someone cut
 * off. Everything else is ignored: the media plays on from there to its end, at its own speed, whatever further edits cut out or
 * repeat, as browsers do. So is a list that is broken or shifts by more than a day.
 */
export function editShiftTicks(trak: Uint8Array, timescale: number, movieTimescale: number): number {
  const elst = boxAt(trak, "edts", "elst");
  if (elst === undefined || elst.length < 8 || movieTimescale === 0) return 0;
  const cursor = new ByteCursor(elst, "edit list");
  const isLong = cursor.u8() === 1;
  const count = Math.min(cursor.skip(3).u32(), ENTRIES_LIMIT);
  let emptyTicks = 0;
  for (let entry = 0; entry < count && cursor.remaining >= (isLong ? 20 : 12); entry += 1) {
    const durationTicks = isLong ? cursor.u64() : cursor.u32();
    const mediaTicks = isLong ? signed64(cursor) : cursor.u32() | 0;
    cursor.skip(4);
    if (mediaTicks >= 0)
      return withinLimit(Math.round((emptyTicks * timescale) / movieTimescale) - mediaTicks, timescale);
    emptyTicks += durationTicks;
  }
  return 0;
}

function signed64(cursor: ByteCursor): number {
  const high = cursor.u32() | 0;
  return high * 2 ** 32 + cursor.u32();
}

function withinLimit(shiftTicks: number, timescale: number): number {
  return Math.abs(shiftTicks) <= SHIFT_LIMIT_SECONDS * timescale ? shiftTicks : 0;
}

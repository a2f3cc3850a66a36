import { tableAt } from "./full-box-table.ts";
import { RunTable } from "./run-table.ts";

/** ISO/IEC 14496-12 §8.6.1.2, `stts`: how long samples last. Its sums are decoding times. */
export function decodingTimes(stbl: Uint8Array): RunTable {
  // Broken writers put in negative durations; like ffmpeg we take them for the shortest there is, so that time never goes back.
  return runsOf(stbl, "stts", (value) => (value < 0 ? 1 : value)) ?? new RunTable(NOTHING);
}

/**
 * §8.6.1.3, `ctts`: what comes on top of the decoding time. Version 1 is signed, version 0 is not; but QuickTime's version 0 is
 * signed too, and no film has offsets that tell them apart.
 */
export function compositionOffsets(stbl: Uint8Array): RunTable | undefined {
  return runsOf(stbl, "ctts", (value) => value);
}

const NOTHING = { length: 0, count: () => 0, value: () => 0 };

function runsOf(stbl: Uint8Array, type: string, valueOf: (signed: number) => number): RunTable | undefined {
  const table = tableAt(stbl, type, 8);
  if (table === undefined) return undefined;
  const { view, length } = table;
  return new RunTable({
    length,
    count: (run) => view.getUint32(8 * run),
    value: (run) => valueOf(view.getInt32(8 * run + 4)),
  });
}

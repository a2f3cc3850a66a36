import { boxAt } from "./box.ts";

/** The entries of a table box where they lie. */
export interface BoxTable {
  /** Starts with the first entry. */
  readonly view: DataView;
  /** Whole entries that are there, however many the box claims. */
  readonly length: number;
}

/** Version, flags and count in front of the entries. */
const HEADER_LENGTH_BYTES = 8;

/** A full box of entries of one length behind their count, as stts, stss or stco are. Undefined if it is missing or cut off. */
export function tableAt(stbl: Uint8Array, type: string, entryLengthBytes: number): BoxTable | undefined {
  const content = boxAt(stbl, type);
  if (content === undefined || content.length < HEADER_LENGTH_BYTES) return undefined;
  const count = viewOf(content).getUint32(4);
  const entries = content.subarray(HEADER_LENGTH_BYTES);
  return { view: viewOf(entries), length: Math.min(count, Math.floor(entries.length / entryLengthBytes)) };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

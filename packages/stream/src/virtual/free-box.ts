/** What a `free` box (ISO/IEC 14496-12 §8.1.2) takes at least: its header. */
export const FREE_BYTES = 8;

const TYPE = Uint8Array.from("free", (character) => character.charCodeAt(0));

/** The header of a `free` box; anything may follow. */
export function freeHeader(lengthBytes: number): Uint8Array {
  const header = new Uint8Array(FREE_BYTES);
  new DataView(header.buffer).setUint32(0, lengthBytes);
  header.set(TYPE, 4);
  return header;
}

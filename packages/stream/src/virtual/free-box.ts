/** What a `free` box (ISO/IEC 14496-12 §8.1.2) takes at least: its header. */
export const FREE_BYTES = 8;

/** All content is the same block of zeros again and again. */
const ZEROS = new Uint8Array(64 * 1024);
const TYPE = Uint8Array.from("free", (character) => character.charCodeAt(0));

/** A `free` box, which players pass over, as buffers to be sent in order: `lengthBytes` altogether. */
export function freeBox(lengthBytes: number): Uint8Array[] {
  const parts = [freeHeader(lengthBytes)];
  for (let left = lengthBytes - FREE_BYTES; left > 0; left -= ZEROS.length) parts.push(ZEROS.subarray(0, left));
  return parts;
}

/** The header of a `free` box; anything may follow. */
export function freeHeader(lengthBytes: number): Uint8Array {
  const header = new Uint8Array(FREE_BYTES);
  new DataView(header.buffer).setUint32(0, lengthBytes);
  header.set(TYPE, 4);
  return header;
}

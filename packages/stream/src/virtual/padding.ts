import { freeHeader } from "./free-box.ts";

/** All padding is the same block of zeros again and again. */
const ZEROS = new Uint8Array(64 * 1024);
/** The header of a fragment ends with that of its `mdat`: its length, and its type. */
const MDAT_HEADER_BYTES = 8;

/**
 * A fragment, as buffers to be sent in order, and zeros at the end of its `mdat`, which no sample has: `lengthBytes` altogether.
 * Nothing for a segment without samples: then it is a `free` box (ISO/IEC 14496-12 §8.1.2).
 *
 * The next fragment begins right behind the `mdat`. libavformat (mpv, for one) takes what is there for a `moof` that it has not
 * read yet: with a `free` box in between it reads the samples of that one twice, and loses them when it seeks.
 */
export function padFragment(fragment: readonly Uint8Array[], lengthBytes: number): Uint8Array[] {
  const paddingBytes = lengthBytes - fragment.reduce((sum, { length }) => sum + length, 0);
  const [header, ...samples] = fragment;
  if (header === undefined) return [freeHeader(lengthBytes), ...zeros(lengthBytes - MDAT_HEADER_BYTES)];
  const view = new DataView(header.buffer, header.byteOffset + header.length - MDAT_HEADER_BYTES);
  view.setUint32(0, view.getUint32(0) + paddingBytes);
  return [header, ...samples, ...zeros(paddingBytes)];
}

function zeros(lengthBytes: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let left = lengthBytes; left > 0; left -= ZEROS.length) parts.push(ZEROS.subarray(0, left));
  return parts;
}

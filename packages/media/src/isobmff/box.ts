import { ByteCursor } from "../byte-cursor.ts";

/** A box of ISO/IEC 14496-12 §4.2 in memory: its four-character type and what follows its header. */
export interface Box {
  readonly type: string;
  readonly content: Uint8Array;
  /** Where the box header lies in the bytes that were walked. */
  readonly start: number;
}

/** Type, header length and whole length of a box; a length of `Infinity` means "to the end of the file". */
export interface BoxHeader {
  readonly type: string;
  readonly headerLengthBytes: number;
  readonly lengthBytes: number;
}

/** Enough bytes to hold any box header: size, type and a 64-bit size. */
export const BOX_HEADER_LIMIT_BYTES = 16;

const SHORT_HEADER_LENGTH_BYTES = 8;

/** Boxes side by side that are looked at. A moov has one per track; millions of empty ones would only take time. */
const SIBLINGS_LIMIT = 256;

/** The box header at the start of `bytes`; undefined if it is cut off or its size does not even cover the header. */
export function boxHeaderOf(bytes: Uint8Array): BoxHeader | undefined {
  if (bytes.length < SHORT_HEADER_LENGTH_BYTES) return undefined;
  const cursor = new ByteCursor(bytes, "box header");
  const size = cursor.u32();
  const type = cursor.fourCharacters();
  if (size === 0) return { type, headerLengthBytes: cursor.position, lengthBytes: Number.POSITIVE_INFINITY };
  if (size === 1 && bytes.length < BOX_HEADER_LIMIT_BYTES) return undefined;
  const lengthBytes = size === 1 ? cursor.u64() : size;
  return lengthBytes < cursor.position ? undefined : { type, headerLengthBytes: cursor.position, lengthBytes };
}

/**
 * The boxes in `bytes`, one after the other. They end early, without complaint, at the first that is malformed or
 * reaches beyond the end: what came before it is as good as it was.
 */
export function* boxesOf(bytes: Uint8Array, limit = SIBLINGS_LIMIT): Generator<Box> {
  let start = 0;
  for (let count = 0; count < limit && start < bytes.length; count += 1) {
    const header = boxHeaderOf(bytes.subarray(start, start + BOX_HEADER_LIMIT_BYTES));
    if (header === undefined) return;
    const end = header.lengthBytes === Number.POSITIVE_INFINITY ? bytes.length : start + header.lengthBytes;
    if (end > bytes.length) return;
    yield { type: header.type, content: bytes.subarray(start + header.headerLengthBytes, end), start };
    start = end;
  }
}

/** The content of the first box that the path of types leads to. */
export function boxAt(bytes: Uint8Array, ...path: string[]): Uint8Array | undefined {
  let content: Uint8Array | undefined = bytes;
  for (const type of path) {
    if (content === undefined) return undefined;
    content = firstBox(content, type);
  }
  return content;
}

function firstBox(bytes: Uint8Array, type: string): Uint8Array | undefined {
  for (const box of boxesOf(bytes)) {
    if (box.type === type) return box.content;
  }
  return undefined;
}

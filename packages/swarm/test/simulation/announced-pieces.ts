import type { SimulatedPeerOptions } from "@riptide/sim";
import { bitsByteLength, setBit } from "../../src/bits.ts";

/** The pieces that a peer says it has, as its bitfield; undefined = all. */
export function announcedPieces({ has, liesAbout }: SimulatedPeerOptions, pieceCount: number): Uint8Array | undefined {
  if (has === undefined) return undefined;
  const bits = new Uint8Array(bitsByteLength(pieceCount));
  for (let piece = 0; piece < pieceCount; piece++) {
    if (has(piece) || liesAbout?.(piece) === true) setBit(bits, piece);
  }
  return bits;
}

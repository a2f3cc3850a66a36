import { createHash } from "node:crypto";
import { pieceLength } from "../types.ts";
import type { Metainfo } from "./metainfo.ts";

/** BEP 3: "pieces maps to a string whose length is a multiple of 20", the SHA-1 of each piece. */
const HASH_BYTES = 20;

/** The hash of a piece whose bytes come front to back. */
export function hashOfPiece(
  metainfo: Metainfo,
  piece: number,
): { update(bytes: Uint8Array): void; isRight(): boolean } {
  const hash = createHash("sha1");
  return {
    update: (bytes) => void hash.update(bytes),
    isRight: () => isHashOf(metainfo, piece, hash.digest()),
  };
}

/** Whether the digest is that of the piece. */
export function isHashOf({ pieceHashes }: Pick<Metainfo, "pieceHashes">, piece: number, digest: Buffer): boolean {
  return digest.equals(pieceHashes.subarray(piece * HASH_BYTES, (piece + 1) * HASH_BYTES));
}

/** Whether these are the bytes of the piece. */
export function isRightPiece(metainfo: Metainfo, piece: number, bytes: Uint8Array): boolean {
  if (bytes.length !== pieceLength(metainfo, piece)) return false;
  const hash = hashOfPiece(metainfo, piece);
  hash.update(bytes);
  return hash.isRight();
}

import { assertInvariant } from "@riptide/core";
import { encodeBencode } from "../metainfo/bencode.ts";
import { decodeDictionary, integerField } from "./extension-fields.ts";

/** BEP 9: "The metadata is handled in blocks of 16KiB". */
const METADATA_PIECE_BYTES = 16 * 1024;
/** As for a .torrent file: a film library of 500,000 pieces. A peer that claims more is not believed. */
export const MAX_METADATA_BYTES = 10_000_000;

/** BEP 9 msg_type. */
const REQUEST = 0;
const DATA = 1;
const REJECT = 2;

export type MetadataMessage =
  | { readonly kind: "request"; readonly piece: number }
  | { readonly kind: "reject"; readonly piece: number }
  | MetadataPiece;

export interface MetadataPiece {
  readonly kind: "data";
  readonly piece: number;
  /** Length of the whole metadata. */
  readonly totalSizeBytes: number;
  readonly data: Uint8Array;
}

export function encodeMetadataRequest(piece: number): Uint8Array {
  return encodeBencode({ msg_type: REQUEST, piece });
}

export function encodeMetadataReject(piece: number): Uint8Array {
  return encodeBencode({ msg_type: REJECT, piece });
}

/** The answer to a request for that piece of `metadata`: data, or a reject where there is no such piece. */
export function encodeMetadataAnswer(metadata: Uint8Array, piece: number): Uint8Array {
  const start = piece * METADATA_PIECE_BYTES;
  if (start >= metadata.length) return encodeMetadataReject(piece);
  const data = metadata.subarray(start, start + METADATA_PIECE_BYTES);
  return Buffer.concat([encodeBencode({ msg_type: DATA, piece, total_size: metadata.length }), data]);
}

/** Null for what is no message of BEP 9, or of a type that it does not know. */
export function parseMetadataMessage(payload: Uint8Array): MetadataMessage | null {
  const message = decodeDictionary(payload);
  if (message === null) return null;
  const { fields, lengthBytes } = message;
  const type = integerField(fields, "msg_type", REQUEST, REJECT);
  const piece = integerField(fields, "piece", 0, Number.MAX_SAFE_INTEGER);
  if (type === undefined || piece === undefined) return null;
  if (type !== DATA) return { kind: type === REQUEST ? "request" : "reject", piece };
  const totalSizeBytes = integerField(fields, "total_size", 1, Number.MAX_SAFE_INTEGER);
  return totalSizeBytes === undefined
    ? null
    : { kind: "data", piece, totalSizeBytes, data: payload.subarray(lengthBytes) };
}

/** Collects the metadata that ONE peer sends: bytes of two peers are never mixed, so that a liar can be named. */
export class MetadataAssembler {
  readonly sizeBytes: number;
  readonly pieceCount: number;
  /** Kept one by one: memory grows with what a peer sent, not with what it claimed. */
  readonly #pieces = new Map<number, Uint8Array>();

  private constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
    this.pieceCount = Math.ceil(sizeBytes / METADATA_PIECE_BYTES);
  }

  /** Null for a size that cannot be true, or is more than `MAX_METADATA_BYTES`. */
  static create(claimedSizeBytes: number): MetadataAssembler | null {
    const isCredible =
      Number.isInteger(claimedSizeBytes) && claimedSizeBytes > 0 && claimedSizeBytes <= MAX_METADATA_BYTES;
    return isCredible ? new MetadataAssembler(claimedSizeBytes) : null;
  }

  get isComplete(): boolean {
    return this.#pieces.size === this.pieceCount;
  }

  missingPieces(): number[] {
    return Array.from({ length: this.pieceCount }, (_, piece) => piece).filter((piece) => !this.#pieces.has(piece));
  }

  /** "invalid" = the peer contradicts itself or the protocol: nothing more is to be had from it. */
  add(message: MetadataPiece): "added" | "duplicate" | "invalid" {
    const { piece, totalSizeBytes, data } = message;
    if (totalSizeBytes !== this.sizeBytes || piece >= this.pieceCount) return "invalid";
    const expectedBytes = Math.min(METADATA_PIECE_BYTES, this.sizeBytes - piece * METADATA_PIECE_BYTES);
    if (data.length !== expectedBytes) return "invalid";
    if (this.#pieces.has(piece)) return "duplicate";
    this.#pieces.set(piece, data);
    return "added";
  }

  /** All of it, once `isComplete`. Whoever asked compares its SHA-1 with the info hash. */
  bytes(): Uint8Array {
    assertInvariant(this.isComplete, "Metadata is read when all its pieces are there");
    const bytes = new Uint8Array(this.sizeBytes);
    for (const [piece, data] of this.#pieces) bytes.set(data, piece * METADATA_PIECE_BYTES);
    return bytes;
  }
}

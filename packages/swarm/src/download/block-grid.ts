import { BLOCK_LENGTH_BYTES, type BlockRequest, pieceLength, type TorrentGeometry } from "../types.ts";

/** How pieces are cut into blocks. A block's key is one number, unique in the torrent, in the order of the bytes. */
export class BlockGrid {
  readonly geometry: TorrentGeometry;
  readonly #blocksPerPiece: number;

  constructor(geometry: TorrentGeometry) {
    this.geometry = geometry;
    this.#blocksPerPiece = Math.ceil(geometry.pieceLengthBytes / BLOCK_LENGTH_BYTES);
  }

  blockCount(piece: number): number {
    return Math.ceil(pieceLength(this.geometry, piece) / BLOCK_LENGTH_BYTES);
  }

  key(piece: number, block: number): number {
    return piece * this.#blocksPerPiece + block;
  }

  pieceOf(key: number): number {
    return Math.floor(key / this.#blocksPerPiece);
  }

  blockOf(key: number): number {
    return key % this.#blocksPerPiece;
  }

  /** The block as the wire names it. The last block of the last piece may be shorter. */
  requestOf(key: number): BlockRequest {
    const piece = this.pieceOf(key);
    const offset = this.blockOf(key) * BLOCK_LENGTH_BYTES;
    return { piece, offset, length: Math.min(BLOCK_LENGTH_BYTES, pieceLength(this.geometry, piece) - offset) };
  }

  /** The key of a block that a peer named, or undefined if we would never ask for such a block. */
  keyOf({ piece, offset, length }: BlockRequest): number | undefined {
    if (piece < 0 || piece >= this.geometry.pieceCount || offset < 0 || offset % BLOCK_LENGTH_BYTES !== 0)
      return undefined;
    const expected = Math.min(BLOCK_LENGTH_BYTES, pieceLength(this.geometry, piece) - offset);
    return length === expected && expected > 0 ? this.key(piece, offset / BLOCK_LENGTH_BYTES) : undefined;
  }
}

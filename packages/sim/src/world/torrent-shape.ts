/** How a torrent's bytes are cut into pieces. */
export interface TorrentShape {
  readonly pieceCount: number;
  readonly pieceLengthBytes: number;
  readonly sizeBytes: number;
}

/** A block as the wire names it: `offset` and `length` are bytes inside the piece. */
export interface SimulatedBlock {
  readonly piece: number;
  readonly offset: number;
  readonly length: number;
}

/** Pieces further apart than this may hold the same: whoever hashes a large torrent need not make all of it. */
const DISTINCT_BYTES = 32 * 1024 * 1024;
const MIN_DISTINCT_PIECES = 7;

export function torrentShape(sizeBytes: number, pieceLengthBytes: number): TorrentShape {
  return { sizeBytes, pieceLengthBytes, pieceCount: Math.ceil(sizeBytes / pieceLengthBytes) };
}

/** How many pieces differ from each other: piece `n` holds what piece `n % distinctPieces` holds, as far as it goes. */
export function distinctPieces({ pieceLengthBytes }: TorrentShape): number {
  return Math.max(MIN_DISTINCT_PIECES, Math.ceil(DISTINCT_BYTES / pieceLengthBytes));
}

/** What is really in the piece: a function of its number and of nothing else. */
export function trueBytes(shape: TorrentShape, piece: number): Uint8Array {
  const length = Math.min(shape.pieceLengthBytes, shape.sizeBytes - piece * shape.pieceLengthBytes);
  const words = new Uint32Array(Math.ceil(length / 4));
  const salt = Math.imul((piece % distinctPieces(shape)) + 1, 0x9e3779b1);
  for (let index = 0; index < words.length; index += 1) words[index] = Math.imul(index + 1, 2654435761) ^ salt;
  return new Uint8Array(words.buffer, 0, length);
}

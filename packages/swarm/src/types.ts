/** Unit of a request inside a piece (BEP 3: "All current implementations use 2^14 (16 kiB)"). */
export const BLOCK_LENGTH_BYTES = 16 * 1024;

/** Where a peer listens. `host` is an IPv4 or IPv6 literal, without brackets. */
export interface PeerAddress {
  readonly host: string;
  readonly port: number;
}

/** How a torrent's bytes are cut; all files in a row form one space of `sizeBytes` bytes. */
export interface TorrentGeometry {
  readonly pieceCount: number;
  readonly pieceLengthBytes: number;
  readonly sizeBytes: number;
}

/** One block as the wire names it: `offset` and `length` are bytes inside the piece. */
export interface BlockRequest {
  readonly piece: number;
  readonly offset: number;
  readonly length: number;
}

/** Where a block lies among all bytes of the torrent. */
export function torrentOffset(block: BlockRequest, geometry: TorrentGeometry): number {
  return block.piece * geometry.pieceLengthBytes + block.offset;
}

/** Length of one piece: the last one may be shorter. */
export function pieceLength(geometry: TorrentGeometry, piece: number): number {
  return Math.min(geometry.pieceLengthBytes, geometry.sizeBytes - piece * geometry.pieceLengthBytes);
}

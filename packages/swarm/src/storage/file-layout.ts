import type { ByteRange } from "@riptide/core";
import { bitsByteLength, hasBit, setBit } from "../bits.ts";
import { pieceLength, type TorrentGeometry } from "../types.ts";

/** Below a torrent's folder: what Riptide remembers about it. Metainfo gives no file this name. */
export const STATE_FOLDER = ".riptide";
/** There: what the store of a torrent remembers of its pieces. */
export const STATE_FILES = {
  journal: "verified",
  looseBlocks: "partials",
  stamps: "stamps",
  unsynced: "unsynced",
} as const;

/** One file of a torrent as storage sees it. */
export interface StoredFile {
  readonly index: number;
  /** Safe path components below the torrent's folder, no two files alike. */
  readonly diskPath: readonly string[];
  readonly lengthBytes: number;
  /** Where it begins in the torrent. */
  readonly offsetBytes: number;
  /** BEP 47: zeros, never stored. */
  readonly isPadding: boolean;
}

/** What storage needs to know of a torrent; `files[n].index === n`, end to end from offset 0. */
export interface TorrentLayout extends TorrentGeometry {
  readonly infoHash: string;
  /** 20 bytes of SHA-1 for each piece. */
  readonly pieceHashes: Uint8Array;
  readonly files: readonly StoredFile[];
}

/** A part of a torrent that lies in one file. */
export interface FileSpan {
  readonly file: StoredFile;
  /** Where the part begins in the file. */
  readonly position: number;
  readonly lengthBytes: number;
}

/**
 * The files that hold bytes of a range of the torrent, in order. Files without bytes that lie in the range, or at the
 * end of the torrent if the range does, are listed too: whoever writes the range creates them.
 */
export function spansOf({ files, sizeBytes }: TorrentLayout, range: ByteRange): FileSpan[] {
  const spans: FileSpan[] = [];
  for (let index = firstFileAt(files, range.start); index < files.length; index += 1) {
    const file = files[index]!;
    const isPast = file.offsetBytes >= range.end && !(file.offsetBytes === sizeBytes && range.end === sizeBytes);
    if (isPast) break;
    const start = Math.max(range.start, file.offsetBytes);
    const end = Math.min(range.end, file.offsetBytes + file.lengthBytes);
    if (end <= start && file.lengthBytes > 0) continue;
    spans.push({ file, position: start - file.offsetBytes, lengthBytes: end - start });
  }
  return spans;
}

/** The bytes that a piece covers in its torrent. */
export function pieceRange(geometry: TorrentGeometry, piece: number): ByteRange {
  const start = piece * geometry.pieceLengthBytes;
  return { start, end: start + pieceLength(geometry, piece) };
}

/** The pieces with bytes of the range. */
export function piecesOf({ pieceLengthBytes }: TorrentGeometry, { start, end }: ByteRange): number[] {
  const first = Math.floor(start / pieceLengthBytes);
  return Array.from({ length: Math.max(0, Math.ceil(end / pieceLengthBytes) - first) }, (_, index) => first + index);
}

/** The stored files with bytes of the piece. */
export function filesOfPiece(piece: number, layout: TorrentLayout): StoredFile[] {
  return spansOf(layout, pieceRange(layout, piece)).flatMap(({ file }) => (holdsBytes(file) ? [file] : []));
}

/** The stored files with bytes of these pieces, each once. Goes by files: a library has few of them and many pieces. */
export function filesOf(pieces: Iterable<number>, layout: TorrentLayout): StoredFile[] {
  const bits = new Uint8Array(bitsByteLength(layout.pieceCount));
  for (const piece of pieces) setBit(bits, piece);
  return layout.files.filter((file) => {
    if (!holdsBytes(file)) return false;
    const end = file.offsetBytes + file.lengthBytes;
    let piece = Math.floor(file.offsetBytes / layout.pieceLengthBytes);
    while (piece * layout.pieceLengthBytes < end && !hasBit(bits, piece)) piece += 1;
    return piece * layout.pieceLengthBytes < end;
  });
}

/** Whether the file has bytes on the disk. */
export function holdsBytes(file: StoredFile): boolean {
  return file.lengthBytes > 0 && !file.isPadding;
}

/** Index of the first file that ends at `offset` or after it: ends never go back, so halving finds it. */
function firstFileAt(files: readonly StoredFile[], offset: number): number {
  let low = 0;
  let high = files.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const file = files[middle]!;
    if (file.offsetBytes + file.lengthBytes < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

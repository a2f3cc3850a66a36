import type { ByteRange } from "@riptide/core";
import { piecesOf } from "../storage/file-layout.ts";
import { pieceLength, type TorrentGeometry } from "../types.ts";

/**
 * What is kept of each end of a file as long as anything else can go: what opening a film reads. An index of two hours
 * takes up to 4.5 MB in an MP4 (8 bytes or so for each picture and each frame of sound), some 500 KiB in Matroska; this holds three hours.
 */
const FILE_END_BYTES = 8 * 1024 * 1024;
/** But no more than this part of a file: of short films more than their ends should go. */
const FILE_END_SHARE = 1 / 16;

/** A torrent as the disk budget sees it. */
export interface KeptTorrent {
  readonly geometry: TorrentGeometry;
  /** Pieces on the disk, in order. */
  readonly pieces: Iterable<number>;
  /** When a piece arrived or was last read. */
  usedMs(piece: number): number;
  isBeingRead(piece: number): boolean;
  /** What readers have in front of them, in torrent bytes: it never goes. */
  readonly demanded: readonly ByteRange[];
  readonly files: readonly { readonly offsetBytes: number; readonly lengthBytes: number }[];
}

interface Candidate {
  readonly torrent: number;
  readonly piece: number;
  readonly isFileEnd: boolean;
  readonly usedMs: number;
}

/**
 * Which pieces go to free so many bytes, for each torrent: those read longest ago first, ends of files last, and never what
 * is being read or demanded, so that it may be less than was asked for. O(n log n) for n pieces: ask for many bytes at once.
 */
export function planEviction(torrents: readonly KeptTorrent[], neededBytes: number): number[][] {
  const candidates = torrents.flatMap(candidatesOf).sort(inOrderOfLeaving);
  const plan = torrents.map((): number[] => []);
  let freedBytes = 0;
  for (const { torrent, piece } of candidates) {
    if (freedBytes >= neededBytes) break;
    plan[torrent]?.push(piece);
    freedBytes += pieceLength(torrents[torrent]!.geometry, piece);
  }
  return plan;
}

function candidatesOf(kept: KeptTorrent, torrent: number): Candidate[] {
  const { geometry, files } = kept;
  const demanded = piecesIn(kept.demanded, geometry);
  const fileEnds = piecesIn(files.flatMap(endsOf), geometry);
  return [...kept.pieces]
    .filter((piece) => !demanded.has(piece) && !kept.isBeingRead(piece))
    .map((piece) => ({ torrent, piece, isFileEnd: fileEnds.has(piece), usedMs: kept.usedMs(piece) }));
}

function inOrderOfLeaving(left: Candidate, right: Candidate): number {
  return (
    Number(left.isFileEnd) - Number(right.isFileEnd) ||
    left.usedMs - right.usedMs ||
    left.torrent - right.torrent ||
    left.piece - right.piece
  );
}

function endsOf({ offsetBytes, lengthBytes }: { offsetBytes: number; lengthBytes: number }): ByteRange[] {
  const endBytes = Math.min(FILE_END_BYTES, Math.ceil(lengthBytes * FILE_END_SHARE));
  const end = offsetBytes + lengthBytes;
  return [
    { start: offsetBytes, end: offsetBytes + endBytes },
    { start: end - endBytes, end },
  ];
}

/** The pieces with bytes of the ranges. */
export function piecesIn(ranges: readonly ByteRange[], geometry: TorrentGeometry): Set<number> {
  return new Set(ranges.flatMap((range) => piecesOf(geometry, range)));
}

import {
  type ByteRange,
  type Demand,
  type FileMap,
  intersectRanges,
  mergeRanges,
  type TorrentFileSummary,
} from "@riptide/core";
import type { Metainfo } from "../metainfo/index.ts";
import { pieceLength, type TorrentGeometry } from "../types.ts";

/** Bytes of the torrent that lie in pieces we have, as sorted, disjoint ranges. */
export function verifiedRanges(geometry: TorrentGeometry, has: (piece: number) => boolean): ByteRange[] {
  const ranges: { start: number; end: number }[] = [];
  for (let piece = 0; piece < geometry.pieceCount; piece += 1) {
    if (!has(piece)) continue;
    const start = piece * geometry.pieceLengthBytes;
    const end = start + pieceLength(geometry, piece);
    const last = ranges.at(-1);
    if (last?.end === start) last.end = end;
    else ranges.push({ start, end });
  }
  return ranges;
}

/** The files, padding left out, and how much of each is there. `verified` is sorted, as files are: both are walked once. */
export function describeFiles(metainfo: Metainfo, verified: readonly ByteRange[]): TorrentFileSummary[] {
  let first = 0;
  const summaries: TorrentFileSummary[] = [];
  for (const file of metainfo.files) {
    const end = file.offsetBytes + file.lengthBytes;
    while (first < verified.length && verified[first]!.end <= file.offsetBytes) first += 1;
    let verifiedBytes = 0;
    for (let next = first; next < verified.length && verified[next]!.start < end; next += 1) {
      verifiedBytes += Math.min(end, verified[next]!.end) - Math.max(file.offsetBytes, verified[next]!.start);
    }
    if (file.isPadding) continue;
    summaries.push({ index: file.index, path: file.path.join("/"), lengthBytes: file.lengthBytes, verifiedBytes });
  }
  return summaries;
}

/** What of a file is there, wanted and being read, in its own bytes; what is given counts bytes of the torrent. */
export function describeMap(
  file: { readonly offsetBytes: number; readonly lengthBytes: number },
  verified: readonly ByteRange[],
  demands: readonly Demand[],
): FileMap {
  const bounds: ByteRange = { start: file.offsetBytes, end: file.offsetBytes + file.lengthBytes };
  const inFile = (ranges: readonly ByteRange[]): ByteRange[] =>
    mergeRanges(
      ranges.flatMap((range) => {
        const part = intersectRanges(range, bounds);
        return part === undefined ? [] : [{ start: part.start - bounds.start, end: part.end - bounds.start }];
      }),
    );
  return {
    available: inFile(verified),
    wanted: inFile(demands.map((demand) => demand.range)),
    reading: inFile(demands.filter((demand) => demand.urgency === "now").map((demand) => demand.range)),
  };
}

import type { TorrentEngine, TorrentStatus } from "@riptide/core";

/** A map costs a walk over the pieces of the torrent: a torrent of more files is looked at in part. */
const FILES_LOOKED_AT_MAX = 50;
/** More readers than this do not fit on a line. */
const POSITIONS_MAX = 3;

/** A file that is being streamed, and where. */
export interface ReadFile {
  /** As the torrent spells it: untrusted. */
  readonly path: string;
  /** Read heads as fractions of the file, 0 to 1, in order. */
  readonly positions: readonly number[];
}

/** What is read of a torrent right now: wherever something is wanted, a reader stands at the start of it. */
export function readFilesOf(engine: Pick<TorrentEngine, "map">, torrent: TorrentStatus): readonly ReadFile[] {
  if (torrent.state !== "ready" || torrent.activeDemands === 0) return [];
  return torrent.files.slice(0, FILES_LOOKED_AT_MAX).flatMap(({ index, path, lengthBytes }) => {
    const { wanted } = engine.map(torrent.infoHash, index);
    const positions = wanted.slice(0, POSITIONS_MAX).map(({ start }) => start / lengthBytes);
    return positions.length === 0 ? [] : [{ path, positions }];
  });
}

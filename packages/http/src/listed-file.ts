import { StreamError, type TorrentEngine, type TorrentFileSummary, type TorrentStatus } from "@riptide/core";
import type { FileTarget } from "./routes/targets.ts";

/** The torrent of this info hash. Throws `torrent_not_found`. */
export function listedTorrent(engine: TorrentEngine, infoHash: string): TorrentStatus {
  const torrent = engine.get(infoHash);
  if (torrent === undefined) throw new StreamError("torrent_not_found", "There is no such torrent. Add it first.");
  return torrent;
}

/**
 * A file as its torrent lists it, without waiting or opening anything. Throws `torrent_not_found`, `metadata_pending`,
 * or `file_not_found`.
 */
export function listedFile(engine: TorrentEngine, { infoHash, index }: FileTarget): TorrentFileSummary {
  const torrent = listedTorrent(engine, infoHash);
  if (torrent.state === "metadata") throw metadataPending();
  const file = torrent.files.find((candidate) => candidate.index === index);
  if (file === undefined) throw new StreamError("file_not_found", `This torrent has no file ${index}.`);
  return file;
}

export function metadataPending(): StreamError {
  return new StreamError("metadata_pending", "No peer has sent this torrent's metadata yet. Try again in a moment.");
}

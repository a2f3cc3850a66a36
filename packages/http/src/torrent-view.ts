import type { TorrentFileSummary, TorrentStatus } from "@riptide/core";
import type { Torrent } from "./api-schemas.ts";
import { mediaTypeOfName } from "./media-type.ts";

/**
 * A torrent as the API shows it, with all of its files or those given. Field by field, so that nothing the engine adds leaves
 * the server unnoticed.
 */
export function torrentView(torrent: TorrentStatus, files: readonly TorrentFileSummary[] = torrent.files): Torrent {
  return {
    infoHash: torrent.infoHash,
    name: torrent.name,
    state: torrent.state,
    addedAt: new Date(torrent.addedAtMs).toISOString(),
    files: files.map((file) => ({
      index: file.index,
      path: file.path,
      length: file.lengthBytes,
      verifiedBytes: file.verifiedBytes,
      mediaType: mediaTypeOfName(file.path),
    })),
    sizeBytes: torrent.sizeBytes,
    pieceLengthBytes: torrent.pieceLengthBytes,
    verifiedBytes: torrent.verifiedBytes,
    progress: torrent.sizeBytes === 0 ? 0 : torrent.verifiedBytes / torrent.sizeBytes,
    downloadedBytes: torrent.downloadedBytes,
    uploadedBytes: torrent.uploadedBytes,
    downloadBytesPerSecond: torrent.downloadBytesPerSecond,
    uploadBytesPerSecond: torrent.uploadBytesPerSecond,
    connectedPeers: torrent.connectedPeers,
    knownPeers: torrent.knownPeers,
    activeDemands: torrent.activeDemands,
    error: torrent.error,
  };
}

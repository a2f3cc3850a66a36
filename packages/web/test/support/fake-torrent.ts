import type { Torrent, TorrentFile, Viewing } from "@riptide/http";

type Facts = Partial<Omit<Torrent, "files">> & { readonly paths?: readonly string[]; readonly files?: TorrentFile[] };

/** A torrent with these facts and files, of which nothing is there. */
export function fakeTorrent({ paths = [], ...facts }: Facts = {}): Torrent {
  return {
    infoHash: "a".repeat(40),
    name: "A torrent",
    state: "ready",
    addedAt: "2026-01-01T00:00:00.000Z",
    files: paths.map((path, index) => ({
      index,
      path,
      length: 1_000,
      verifiedBytes: 0,
      mediaType: "video/x-matroska",
    })),
    sizeBytes: 1_000 * paths.length,
    pieceLengthBytes: 16_384,
    verifiedBytes: 0,
    progress: 0,
    downloadedBytes: 0,
    uploadedBytes: 0,
    downloadBytesPerSecond: 0,
    uploadBytesPerSecond: 0,
    connectedPeers: 0,
    knownPeers: 0,
    activeDemands: 0,
    ...facts,
  };
}

/** A film that was left after a minute. */
export function fakeViewing(facts: Partial<Viewing> = {}): Viewing {
  return {
    infoHash: "a".repeat(40),
    index: 0,
    positionSeconds: 60,
    watchedAt: "2026-01-02T03:04:05.000Z",
    isFinished: false,
    ...facts,
  };
}

import type { TorrentStatus } from "@riptide/core";
import type { TorrentFigures } from "../session/protocol.ts";

export type Figures = Omit<TorrentFigures, "infoHash">;

export const NO_FIGURES: Figures = {
  downloadedBytes: 0,
  webSeedBytes: 0,
  wastedBytes: 0,
  uploadedBytes: 0,
  downloadBytesPerSecond: 0,
  uploadBytesPerSecond: 0,
  connectedPeers: 0,
  connectingPeers: 0,
  knownPeers: 0,
  bannedHosts: 0,
  pieceBans: 0,
  metadataBans: 0,
  hashFailures: 0,
  checkedPieces: 0,
};

/** The figures of a session, what earlier ones moved counted in. */
export function addFigures(past: Figures, session: Figures): Figures {
  return {
    ...session,
    downloadedBytes: past.downloadedBytes + session.downloadedBytes,
    webSeedBytes: past.webSeedBytes + session.webSeedBytes,
    wastedBytes: past.wastedBytes + session.wastedBytes,
    uploadedBytes: past.uploadedBytes + session.uploadedBytes,
    hashFailures: past.hashFailures + session.hashFailures,
    pieceBans: past.pieceBans + session.pieceBans,
    metadataBans: past.metadataBans + session.metadataBans,
  };
}

/** A peer that sends what nobody asked for is no progress. */
export function usefulBytes({ downloadedBytes, wastedBytes }: Figures): number {
  return downloadedBytes - wastedBytes;
}

/** Those that everybody is shown. */
export function shownFigures(figures: Figures) {
  const { downloadedBytes, uploadedBytes, downloadBytesPerSecond, uploadBytesPerSecond } = figures;
  const { connectedPeers, knownPeers } = figures;
  const moved = { downloadedBytes, uploadedBytes, downloadBytesPerSecond, uploadBytesPerSecond };
  return { ...moved, connectedPeers, knownPeers } satisfies Partial<TorrentStatus>;
}

import type { EngineStatistics } from "@riptide/core";
import { addFigures, NO_FIGURES } from "./figures.ts";
import type { TorrentRecord } from "./torrent-record.ts";

export type CountedTorrent = Pick<TorrentRecord, "figures" | "pieces" | "status">;

/** Counts what the torrents of an engine do, and keeps count of what those did that are gone. */
export class Statistics {
  #past = NO_FIGURES;

  /** The torrent is about to be removed: what it moved stays in the totals. */
  forget({ figures }: Pick<CountedTorrent, "figures">): void {
    this.#past = addFigures(this.#past, figures);
  }

  of(
    torrents: Iterable<CountedTorrent>,
    budget: Pick<EngineStatistics, "maxKeptBytes" | "evictedPieces">,
  ): EngineStatistics {
    const states = { metadata: 0, ready: 0, failed: 0 };
    const peers = { connected: 0, connecting: 0, unconnected: 0 };
    let totals = this.#past;
    let keptBytes = 0;
    for (const torrent of torrents) {
      const { figures } = torrent;
      states[torrent.status().state] += 1;
      peers.connected += figures.connectedPeers;
      peers.connecting += figures.connectingPeers;
      // Those that came to us are connected without being known.
      peers.unconnected += Math.max(0, figures.knownPeers - figures.connectedPeers - figures.connectingPeers);
      keptBytes += torrent.pieces?.keptBytes ?? 0;
      totals = addFigures(totals, figures);
    }
    return {
      torrents: states,
      peers,
      downloadedBytes: { peer: totals.downloadedBytes - totals.webSeedBytes, webseed: totals.webSeedBytes },
      uploadedBytes: totals.uploadedBytes,
      hashFailures: totals.hashFailures,
      bans: { corrupt_piece: totals.pieceBans, corrupt_metadata: totals.metadataBans },
      keptBytes,
      ...budget,
    };
  }
}

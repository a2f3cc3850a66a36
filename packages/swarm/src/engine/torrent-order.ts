import type { TorrentOrder } from "../session/protocol.ts";
import type { StoredTorrent } from "../storage/index.ts";
import type { PeerAddress } from "../types.ts";
import type { TorrentRecord } from "./torrent-record.ts";

/** What the engine adds to what a torrent knows of itself. */
export interface OrderContext extends Pick<TorrentOrder, "directory" | "reclaimsSpace" | "seedPaths"> {
  /** Tried for every torrent. */
  readonly peers: readonly PeerAddress[];
}

/** What a session must know to take up the torrent. */
export function torrentOrder(record: TorrentRecord, { peers, ...context }: OrderContext): TorrentOrder {
  const { infoHash, trackers, provenPeers, webSeeds, isLocal } = record;
  const infoBytes = record.metainfo?.infoBytes;
  return {
    infoHash,
    infoBytes,
    trackers,
    provenPeers,
    webSeeds,
    isLocal,
    peers: [...record.peers, ...peers],
    ...context,
  };
}

/** What the library keeps of the torrent for the next start. */
export function storedForm(record: TorrentRecord): StoredTorrent {
  const { infoHash, trackers, peers, provenPeers, webSeeds, isLocal, displayName, addedAtMs, metainfo } = record;
  const named = { trackers, peers, provenPeers, webSeeds, isLocal };
  return { infoHash, infoBytes: metainfo?.infoBytes, ...named, displayName, addedAtMs };
}

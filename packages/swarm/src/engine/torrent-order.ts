import type { TorrentOrder } from "../session/protocol.ts";
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

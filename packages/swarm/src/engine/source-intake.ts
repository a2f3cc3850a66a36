import type { Clock, TorrentSource } from "@riptide/core";
import { fetchTorrentFile, type Metainfo, parseSource, parseTorrentFile } from "../metainfo/index.ts";
import type { Network } from "../network/network.ts";
import type { PeerAddress } from "../types.ts";

/** What a source says about a torrent, before any peer was asked. */
export interface Intake {
  readonly infoHash: string;
  readonly displayName: string | undefined;
  readonly trackers: readonly (readonly string[])[];
  readonly peers: readonly PeerAddress[];
  readonly webSeeds: readonly string[];
  /** It was named by whoever runs this machine. */
  readonly isLocal: boolean;
  readonly metainfo: Metainfo | undefined;
}

export interface IntakeOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Whoever runs this machine names it: it may lie, and lead, into private networks. */
  readonly isLocal: boolean;
}

/** Understands any source; fetches it if it is a URL. Rejects with a `SourceError`. */
export async function takeIn(source: TorrentSource, options: IntakeOptions): Promise<Intake> {
  const { isLocal } = options;
  if (typeof source !== "string") return fromMetainfo(parseTorrentFile(source), isLocal);
  const parsed = parseSource(source);
  switch (parsed.kind) {
    case "url": {
      const reach = isLocal ? "anywhere" : "public";
      return fromMetainfo(parseTorrentFile(await fetchTorrentFile(parsed.url, { ...options, reach })), isLocal);
    }
    case "infoHash": {
      const { infoHash } = parsed;
      const nothing = { displayName: undefined, trackers: [], peers: [], webSeeds: [], metainfo: undefined };
      return { infoHash, ...nothing, isLocal };
    }
    case "magnet": {
      const { infoHash, displayName, peers, webSeeds = [] } = parsed.magnet;
      // A magnet knows no tiers: each tracker is asked at once.
      const trackers = parsed.magnet.trackers.map((tracker) => [tracker]);
      return { infoHash, displayName, trackers, peers, webSeeds, isLocal, metainfo: undefined };
    }
  }
}

function fromMetainfo(metainfo: Metainfo, isLocal: boolean): Intake {
  const { infoHash, trackers, webSeeds, name } = metainfo;
  return { infoHash, displayName: name, trackers, peers: [], webSeeds, isLocal, metainfo };
}

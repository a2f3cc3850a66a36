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
  readonly metainfo: Metainfo | undefined;
}

export interface IntakeOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Understands any source; fetches it if it is a URL. Rejects with a `SourceError`. */
export async function takeIn(source: TorrentSource, options: IntakeOptions): Promise<Intake> {
  if (typeof source !== "string") return fromMetainfo(parseTorrentFile(source));
  const parsed = parseSource(source);
  switch (parsed.kind) {
    case "url":
      return fromMetainfo(parseTorrentFile(await fetchTorrentFile(parsed.url, options)));
    case "infoHash":
      return { infoHash: parsed.infoHash, displayName: undefined, trackers: [], peers: [], metainfo: undefined };
    case "magnet": {
      const { infoHash, displayName, trackers, peers } = parsed.magnet;
      // A magnet knows no tiers: each tracker is asked at once.
      return { infoHash, displayName, trackers: trackers.map((tracker) => [tracker]), peers, metainfo: undefined };
    }
  }
}

function fromMetainfo(metainfo: Metainfo): Intake {
  const { infoHash, trackers, name } = metainfo;
  return { infoHash, displayName: name, trackers, peers: [], metainfo };
}

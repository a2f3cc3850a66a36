import type { Demand, ErrorCode } from "@riptide/core";
import type { SparePolicy } from "../download/index.ts";
import type { NetworkSettings } from "../network/network.ts";
import type { PortMappingSettings } from "../port-mapping/index.ts";
import type { PeerAddress } from "../types.ts";

/** What the session must know to take up a torrent; sent again whenever a new session is started. */
export interface TorrentOrder {
  readonly infoHash: string;
  /** `DATA/IH`: everything of this torrent lives below it. */
  readonly directory: string;
  /** The raw info dictionary, or undefined for a magnet whose metadata is still to be fetched. */
  readonly infoBytes: Uint8Array | undefined;
  readonly trackers: readonly (readonly string[])[];
  /** Named by the user: dialled for ever. */
  readonly peers: readonly PeerAddress[];
  /** Those that answered in a past session: forgotten like others when they no longer do. */
  readonly provenPeers: readonly PeerAddress[];
  /** Disk space is short: what an earlier run left behind unverified is given back. */
  readonly reclaimsSpace: boolean;
  /** http and https URLs (BEP 19); none unless given. */
  readonly webSeeds?: readonly string[];
  /** It was named by whoever runs this machine: what it names by http may lie in private networks. */
  readonly isLocal?: boolean;
  /** Somebody has just added it, and will probably play it: its peers are met as if its metadata were still to be fetched. */
  readonly isNew?: boolean;
  /** Complete files to share, one absolute path for each file, instead of a store below `directory`. */
  readonly seedPaths: readonly string[] | undefined;
}

/** Main thread → session. */
export type SessionCommand =
  | { readonly type: "add"; readonly order: TorrentOrder }
  | {
      readonly type: "learn";
      readonly infoHash: string;
      readonly peers: readonly PeerAddress[];
      readonly trackers: readonly (readonly string[])[];
      readonly webSeeds?: readonly string[];
      /** False if any of this came from elsewhere: see `TorrentOrder`. */
      readonly isLocal?: boolean;
      /** The info dictionary, if the session does not have it yet. */
      readonly infoBytes: Uint8Array | undefined;
    }
  /** Somebody waits for the metadata, or nobody does any more. */
  | { readonly type: "await"; readonly infoHash: string; readonly isAwaited: boolean }
  | { readonly type: "remove"; readonly infoHash: string }
  | { readonly type: "demand"; readonly infoHash: string; readonly id: number; readonly demand: Demand | undefined }
  /** Gives up pieces that are there, to make room. Nobody reads them, and nobody may until `evicted` answers. */
  | { readonly type: "evict"; readonly infoHash: string; readonly pieces: readonly number[] }
  /** Hashes a piece as the disk gives it back; `checked` answers. */
  | { readonly type: "check"; readonly infoHash: string; readonly piece: number }
  | { readonly type: "close" };

/** One torrent's figures, sent every 500 ms while they change. */
export interface TorrentFigures {
  readonly infoHash: string;
  readonly downloadedBytes: number;
  /** Of `downloadedBytes`, those that came from web seeds. */
  readonly webSeedBytes: number;
  readonly wastedBytes: number;
  readonly uploadedBytes: number;
  readonly downloadBytesPerSecond: number;
  readonly uploadBytesPerSecond: number;
  readonly connectedPeers: number;
  /** Connections that are being made. */
  readonly connectingPeers: number;
  readonly knownPeers: number;
  /** Those that are refused now. */
  readonly bannedHosts: number;
  /** How often a host was banned for a piece, and for metadata, that is not what its hash says. */
  readonly pieceBans: number;
  readonly metadataBans: number;
  readonly hashFailures: number;
  /** Pieces on the disk that were hashed before the torrent could be opened, right or not. */
  readonly checkedPieces: number;
}

/** What went wrong: for the user, and for the log. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  /** With its causes and stack: never shown to a user. */
  readonly detail: string;
}

/** Session → main thread. */
export type SessionEvent =
  /** Port 0: nobody can connect to us. */
  | { readonly type: "listening"; readonly port: number }
  | {
      readonly type: "ready";
      readonly infoHash: string;
      readonly infoBytes: Uint8Array;
      /** Verified pieces, BEP 3 bit order; the session writes them, the main thread reads them. */
      readonly verified: SharedArrayBuffer;
    }
  /** With the figures of that moment: how much was downloaded for a piece should not be known later than the piece. */
  | { readonly type: "verified"; readonly piece: number; readonly figures: TorrentFigures }
  /** Their bits are cleared, and their bytes are given back to the disk. */
  | { readonly type: "evicted"; readonly infoHash: string; readonly pieces: readonly number[] }
  /** One that is not right any more was given up: its bit is cleared. */
  | { readonly type: "checked"; readonly infoHash: string; readonly piece: number; readonly isRight: boolean }
  | { readonly type: "figures"; readonly torrents: readonly TorrentFigures[] }
  | { readonly type: "provenPeers"; readonly infoHash: string; readonly peers: readonly PeerAddress[] }
  /** The torrent could not be opened: nothing of it goes on. */
  | { readonly type: "failed"; readonly infoHash: string; readonly failure: Failure }
  /** The disk refused a piece (and later took one again): downloading pauses, what is there is still served. */
  | { readonly type: "storage"; readonly infoHash: string; readonly problem: Failure | undefined }
  /** Why the router does not let peers in, as a clause; undefined: it does. */
  | { readonly type: "portMapping"; readonly problem: string | undefined }
  /** Why there is no uTP on this machine. */
  | { readonly type: "noUtp"; readonly why: string }
  | { readonly type: "removed"; readonly infoHash: string }
  | { readonly type: "closed" };

/** What the session is started with. Plain data: it crosses a thread. */
export interface SessionSettings {
  /** Where peers connect to, unless `network` says otherwise; `::` is every address of both families. */
  readonly peerHost: string;
  /** 0 = any free port. */
  readonly peerPort: number;
  /** Undefined = no DHT. An empty bootstrap list means the public routers. */
  readonly dht: { readonly bootstrap: readonly PeerAddress[] } | undefined;
  /** Whether peers are looked for in the local network. */
  readonly lsd: boolean;
  /** Whether peers are reached over uTP, too, where utp-native loads. */
  readonly utp?: boolean;
  /** Undefined = unlimited. */
  readonly uploadBytesPerSecond: number | undefined;
  /** Undefined: directly, by whichever interface the system chooses. */
  readonly network?: NetworkSettings | undefined;
  /** Of all torrents together; undefined = unlimited. */
  readonly downloadBytesPerSecond?: number | undefined;
  /** Routers are asked to let peers in; undefined: they are not. */
  readonly portMapping?: PortMappingSettings | undefined;
  /** What is fetched of a film while all that is asked for is there. Undefined = nothing. */
  readonly sparePolicy?: SparePolicy | undefined;
}

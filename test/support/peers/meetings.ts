import { formatMagnet, type PeerAddress, type SessionSettings } from "@riptide/swarm";
import { QUIET_SETTINGS } from "../test-engine.ts";
import type { TestTorrent } from "../test-torrent.ts";

/** How a client and we meet. Some know more kinds of encryption than these two. */
export interface Meeting<Encryption extends string = "plain" | "encrypted"> {
  readonly encryption: Encryption;
  /** What the one who takes the bytes has got. */
  readonly by: "magnet" | "file";
  /** Where the one who is dialled listens. */
  readonly host: "127.0.0.1" | "::1";
}

/** What every client is met by, as seed and as leech. The source makes no difference to the family: over IPv6 each comes once. */
export const MEETINGS: readonly Meeting[] = [
  { encryption: "plain", by: "magnet", host: "127.0.0.1" },
  { encryption: "plain", by: "file", host: "127.0.0.1" },
  { encryption: "encrypted", by: "magnet", host: "127.0.0.1" },
  { encryption: "encrypted", by: "file", host: "127.0.0.1" },
  { encryption: "plain", by: "magnet", host: "::1" },
  { encryption: "encrypted", by: "file", host: "::1" },
];

/** Over IPv6 as the command line listens unless told otherwise: both families on one port. */
export function settingsFor({ host }: Pick<Meeting, "host">): SessionSettings {
  return { ...QUIET_SETTINGS, peerHost: host === "::1" ? "::" : host };
}

/** What our engine adds. */
export function sourceForUs({ by }: Pick<Meeting, "by">, torrent: TestTorrent): string | Uint8Array {
  return by === "file" ? torrent.torrentFile : magnetOf(torrent);
}

/** What another client is started with. */
export function sourceForThem({ by }: Pick<Meeting, "by">, torrent: TestTorrent): string {
  return by === "file" ? torrent.torrentPath : magnetOf(torrent);
}

/** Tells our engine of a peer, also for a torrent that it has already. */
export function magnetAt({ infoHash }: TestTorrent, peer: PeerAddress): string {
  return formatMagnet({ infoHash, trackers: [], webSeeds: [], peers: [peer] });
}

function magnetOf({ infoHash }: TestTorrent): string {
  return `magnet:?xt=urn:btih:${infoHash}`;
}

import type { PeerAddress } from "../types.ts";
import { decodeJsonRecord, isObject, isWallClockMs } from "./json-record.ts";

/** What Riptide remembers about a torrent from one start to the next, besides its bytes. */
export interface StoredTorrent {
  /** 40 lower-case hex digits. */
  readonly infoHash: string;
  /** The raw info dictionary; undefined while it is still to be fetched from peers. */
  readonly infoBytes: Uint8Array | undefined;
  readonly trackers: readonly (readonly string[])[];
  /** Named by the user. */
  readonly peers: readonly PeerAddress[];
  /** Those that answered lately: worth trying first. */
  readonly provenPeers: readonly PeerAddress[];
  /** http and https URLs (BEP 19). */
  readonly webSeeds?: readonly string[];
  /** It was named by whoever runs this machine. */
  readonly isLocal?: boolean;
  readonly displayName: string | undefined;
  /** Wall-clock time, milliseconds since 1970. */
  readonly addedAtMs: number;
}

/** Everything but the info dictionary, which has a file of its own. */
export type TorrentRecord = Omit<StoredTorrent, "infoHash" | "infoBytes">;

export function encodeTorrentRecord(record: TorrentRecord): Uint8Array {
  const { trackers, peers, provenPeers, webSeeds, isLocal, displayName, addedAtMs } = record;
  const fields = { version: 1, trackers, peers, provenPeers, webSeeds, isLocal, displayName, addedAtMs };
  return Buffer.from(JSON.stringify(fields, null, 2));
}

/** Reads a record; what is not as we write it is undefined as a whole, for then nobody knows what else is wrong. */
export function decodeTorrentRecord(bytes: Uint8Array): TorrentRecord | undefined {
  const record = decodeJsonRecord(bytes, 1);
  if (record === undefined) return undefined;
  // Records of the first versions have one list of peers, and no web seeds.
  const { trackers, peers, provenPeers = [], webSeeds = [], isLocal = false, displayName, addedAtMs } = record;
  if (!isTiers(trackers) || !isPeers(peers) || !isPeers(provenPeers) || !isWallClockMs(addedAtMs)) return undefined;
  if (!isTexts(webSeeds) || typeof isLocal !== "boolean") return undefined;
  if (displayName !== undefined && typeof displayName !== "string") return undefined;
  return { trackers, peers, provenPeers, webSeeds, isLocal, displayName, addedAtMs };
}

function isTiers(value: unknown): value is string[][] {
  return Array.isArray(value) && value.every(isTexts);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}

function isPeers(value: unknown): value is PeerAddress[] {
  return Array.isArray(value) && value.every(isPeer);
}

function isPeer(value: unknown): value is PeerAddress {
  if (!isObject(value)) return false;
  const { host, port } = value;
  return typeof host === "string" && Number.isInteger(port) && Number(port) > 0 && Number(port) < 65_536;
}

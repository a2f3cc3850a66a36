import type { Clock } from "@riptide/core";
import { BencodeError, type BencodeValue, decodeBencode } from "../metainfo/bencode.ts";
import { HttpGetError, httpGet } from "../metainfo/http-get.ts";
import { peerAddress } from "../metainfo/peer-address.ts";
import type { Network } from "../network/network.ts";
import type { PeerAddress } from "../types.ts";
import { decodeCompactPeers } from "./compact-peers.ts";
import {
  ANNOUNCE_TIMEOUT_MS,
  type AnnounceRequest,
  type AnnounceResult,
  announceKey,
  MAX_PEERS_PER_ANNOUNCE,
  TrackerError,
} from "./tracker.ts";

/** 500 peers as dictionaries take 50 KB. */
const MAX_RESPONSE_BYTES = 1_000_000;

/** A dictionary of a list of dictionaries; a few tokens for each of thousands of peers. */
const RESPONSE_LIMITS = { maxInputBytes: MAX_RESPONSE_BYTES, maxDepth: 8, maxTokens: 50_000 };

/** For trackers that forget to say. */
const DEFAULT_INTERVAL_SECONDS = 1_800;

const utf8 = new TextDecoder();

interface Means {
  readonly clock: Clock;
  readonly network: Network;
}

/** Announces to an http or https tracker (BEP 3, 7, 23). Rejects with `TrackerError` or the signal's reason. */
export async function announceHttp(request: AnnounceRequest, means: Means): Promise<AnnounceResult> {
  return readAnnounceResponse(await getResponse(request, means));
}

/** Reads the bencoded answer of a tracker. Throws `TrackerError`. */
export function readAnnounceResponse(body: Uint8Array): AnnounceResult {
  const response = decodeResponse(body);
  const failure = response.get("failure reason");
  // BEP 3: "If a tracker response has a key failure reason, then that maps to a human readable string".
  if (failure !== undefined) throw new TrackerError("refused", `The tracker refuses: ${failureText(failure)}`);
  const minIntervalSeconds = countOf(response.get("min interval"));
  const seeders = countOf(response.get("complete"));
  const leechers = countOf(response.get("incomplete"));
  return {
    intervalSeconds: countOf(response.get("interval")) ?? DEFAULT_INTERVAL_SECONDS,
    ...(minIntervalSeconds === undefined ? {} : { minIntervalSeconds }),
    peers: [...readPeers(response.get("peers"), 4), ...readPeers(response.get("peers6"), 6)].slice(
      0,
      MAX_PEERS_PER_ANNOUNCE,
    ),
    ...(seeders === undefined ? {} : { seeders }),
    ...(leechers === undefined ? {} : { leechers }),
  };
}

async function getResponse(request: AnnounceRequest, means: Means): Promise<Uint8Array> {
  const { signal, family, reach } = request;
  const limits = { maxBytes: MAX_RESPONSE_BYTES, timeoutMs: ANNOUNCE_TIMEOUT_MS };
  try {
    return await httpGet(announceUrl(request), { ...means, signal, family, reach, ...limits });
  } catch (cause) {
    if (!(cause instanceof HttpGetError)) throw cause;
    throw new TrackerError("unreachable", `The tracker does not answer: ${cause.message}`, { cause });
  }
}

/** The URL may already carry a query (a passkey); ours is added as text, as `URLSearchParams` cannot escape raw bytes. */
function announceUrl(request: AnnounceRequest): string {
  const [base = ""] = request.url.split("#");
  const parameters = [
    `info_hash=${escapeBytes(Buffer.from(request.infoHash, "hex"))}`,
    `peer_id=${escapeBytes(request.peerId)}`,
    `port=${request.port}`,
    `uploaded=${request.uploadedBytes}`,
    `downloaded=${request.downloadedBytes}`,
    `left=${request.leftBytes}`,
    `numwant=${Math.min(request.wantedPeers, MAX_PEERS_PER_ANNOUNCE)}`,
    `key=${announceKey(request.peerId).toString(16)}`,
    "compact=1",
    ...(request.event === undefined ? [] : [`event=${request.event}`]),
  ];
  return `${base}${base.includes("?") ? "&" : "?"}${parameters.join("&")}`;
}

function escapeBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
}

function decodeResponse(body: Uint8Array): ReadonlyMap<string, BencodeValue> {
  try {
    const value = decodeBencode(body, RESPONSE_LIMITS);
    if (value instanceof Map) return value;
  } catch (cause) {
    if (!(cause instanceof BencodeError)) throw cause;
    throw new TrackerError("invalid", "The tracker's answer makes no sense", { cause });
  }
  throw new TrackerError("invalid", "The tracker's answer is no dictionary");
}

function failureText(reason: BencodeValue): string {
  return reason instanceof Uint8Array ? utf8.decode(reason.subarray(0, 200)) : "no reason given";
}

function countOf(value: BencodeValue | undefined): number | undefined {
  return typeof value === "number" && value >= 0 ? value : undefined;
}

/** BEP 23 compact bytes, or BEP 3's list of dictionaries, whose `ip` may be a DNS name: those are left out. */
function readPeers(value: BencodeValue | undefined, family: 4 | 6): PeerAddress[] {
  if (value instanceof Uint8Array) return decodeCompactPeers(value, family, MAX_PEERS_PER_ANNOUNCE);
  if (!Array.isArray(value)) return [];
  return value.map(readPeerDictionary).filter((peer) => peer !== undefined);
}

function readPeerDictionary(value: BencodeValue): PeerAddress | undefined {
  if (!(value instanceof Map)) return undefined;
  const host = value.get("ip");
  const port = value.get("port");
  return host instanceof Uint8Array && typeof port === "number" ? peerAddress(utf8.decode(host), port) : undefined;
}

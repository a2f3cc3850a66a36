import { SourceError } from "@riptide/core";
import type { PeerAddress } from "../types.ts";
import { parseInfoHash } from "./info-hash.ts";
import { formatPeerAddress, parsePeerAddress } from "./peer-address.ts";
import { uniqueTrackers, uniqueWebSeeds } from "./torrent-urls.ts";

/** A hundred trackers at their longest do not reach this; nothing else in a magnet is long. */
const MAX_MAGNET_LENGTH = 65_536;

/** Longer than any title; shown until the metadata is known. */
const MAX_DISPLAY_NAME_LENGTH = 1_024;

/** Each is dialled at once. */
const MAX_MAGNET_PEERS = 100;

/** What a magnet URI says (BEP 9). */
export interface Magnet {
  /** 40 lower-case hex digits. */
  readonly infoHash: string;
  /** Untrusted text. */
  readonly displayName?: string;
  /** http, https and udp URLs, each once; magnets know no tiers. */
  readonly trackers: readonly string[];
  /** From `x.pe`: IP literals and localhost only. */
  readonly peers: readonly PeerAddress[];
  /** From `ws`: http and https URLs (BEP 19). */
  readonly webSeeds?: readonly string[];
}

/**
 * Reads a magnet URI. Of several `xt` the first v1 info hash counts; parameters that we do not know or cannot use are left out.
 * Throws `SourceError`: `unsupported_v2` when the only hash is a v2 one (`urn:btmh:`), else `bad_source`.
 */
export function parseMagnet(uri: string): Magnet {
  const text = uri.trim();
  if (text.length > MAX_MAGNET_LENGTH) throw badMagnet("it is too long");
  if (!/^magnet:\?/i.test(text)) throw badMagnet("it does not start with magnet:?");
  const parameters = [...new URLSearchParams(text.slice("magnet:?".length))];
  const infoHash = readInfoHash(valuesOf(parameters, "xt"));
  const displayName = valuesOf(parameters, "dn")[0]?.slice(0, MAX_DISPLAY_NAME_LENGTH);
  return {
    infoHash,
    ...(displayName ? { displayName } : {}),
    trackers: uniqueTrackers([valuesOf(parameters, "tr")]).flat(),
    peers: readPeers(valuesOf(parameters, "x.pe")),
    webSeeds: uniqueWebSeeds(valuesOf(parameters, "ws")),
  };
}

/** Spells a magnet URI that `parseMagnet` reads back as the same magnet. */
export function formatMagnet({ infoHash, displayName, trackers, peers, webSeeds = [] }: Magnet): string {
  const parts = [`xt=urn:btih:${infoHash}`];
  if (displayName !== undefined) parts.push(`dn=${encodeURIComponent(displayName)}`);
  for (const tracker of trackers) parts.push(`tr=${encodeURIComponent(tracker)}`);
  for (const webSeed of webSeeds) parts.push(`ws=${encodeURIComponent(webSeed)}`);
  for (const peer of peers) parts.push(`x.pe=${encodeURIComponent(formatPeerAddress(peer))}`);
  return `magnet:?${parts.join("&")}`;
}

/** Parameters repeat as `tr=…&tr=…` or as `tr.1=…&tr.2=…`. */
function valuesOf(parameters: readonly (readonly [string, string])[], name: string): string[] {
  return parameters
    .filter(([key]) => key.toLowerCase().replace(/\.\d+$/, "") === name)
    .map(([, value]) => value.trim());
}

function readInfoHash(topics: readonly string[]): string {
  for (const topic of topics) {
    const infoHash = parseInfoHash(/^urn:btih:(.*)$/i.exec(topic)?.[1] ?? "");
    if (infoHash !== undefined) return infoHash;
  }
  if (topics.some((topic) => /^urn:btmh:/i.test(topic))) {
    throw new SourceError(
      "unsupported_v2",
      "This magnet names a BitTorrent v2 torrent; Riptide plays v1 and hybrid torrents so far.",
    );
  }
  throw badMagnet("it holds no info hash of 40 hex or 32 base32 digits after xt=urn:btih:");
}

function readPeers(texts: readonly string[]): PeerAddress[] {
  const peers = new Map<string, PeerAddress>();
  for (const text of texts) {
    const peer = parsePeerAddress(text);
    if (peer !== undefined && peers.size < MAX_MAGNET_PEERS) peers.set(formatPeerAddress(peer), peer);
  }
  return [...peers.values()];
}

function badMagnet(reason: string): SourceError {
  return new SourceError(
    "bad_source",
    `This magnet link cannot be used: ${reason}. Copy the whole link and try again.`,
  );
}

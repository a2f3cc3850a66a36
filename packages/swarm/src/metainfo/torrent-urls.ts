import type { BencodeValue } from "./bencode.ts";
import { isList, textOf } from "./torrent-fields.ts";

/** Each tracker is announced to: the worst real lists have some dozens. */
const MAX_TRACKERS = 100;

/** Each web seed is a connection. */
export const MAX_WEB_SEEDS = 32;

/** What browsers and servers take; a passkey needs 100. */
const MAX_URL_LENGTH = 2_048;

const TRACKER_PROTOCOLS = ["http:", "https:", "udp:"];
const WEB_SEED_PROTOCOLS = ["http:", "https:"];

/**
 * Reads the trackers of a torrent as tiers. BEP 12: "if the client is compatible with the multitracker specification, and if the
 * announce-list key is present, the client will ignore the announce key". What is no tracker URL is left out.
 */
export function readTrackers(announce: BencodeValue | undefined, announceList: BencodeValue | undefined): string[][] {
  const tiers = isList(announceList) ? announceList.map(urlTexts) : [];
  const listed = uniqueTrackers(tiers);
  return listed.length > 0 ? listed : uniqueTrackers([urlTexts(announce)]);
}

/** Keeps each http, https and udp URL the first time it occurs; empty tiers go. At most `MAX_TRACKERS` remain. */
export function uniqueTrackers(tiers: readonly (readonly string[])[]): string[][] {
  const seen = new Set<string>();
  return tiers
    .map((tier) => tier.filter((url) => isNewUrl(url, seen)).map((url) => url.trim()))
    .filter((tier) => tier.length > 0);
}

/** Reads BEP 19's `url-list`, a string or a list; URLs of several files end in `/`, as the file's path is added. */
export function readWebSeeds(urlList: BencodeValue | undefined, hasSeveralFiles: boolean): string[] {
  const seeds = uniqueWebSeeds(urlTexts(urlList));
  return hasSeveralFiles ? [...new Set(seeds.map((url) => (url.endsWith("/") ? url : `${url}/`)))] : seeds;
}

/** Keeps each http and https URL the first time it occurs, at most `MAX_WEB_SEEDS`. */
export function uniqueWebSeeds(texts: readonly string[]): string[] {
  const seeds = new Set<string>();
  for (const text of texts) {
    const url = parseUrl(text, WEB_SEED_PROTOCOLS);
    if (url !== undefined && seeds.size < MAX_WEB_SEEDS) seeds.add(url.href);
  }
  return [...seeds];
}

function isNewUrl(text: string, seen: Set<string>): boolean {
  const url = parseUrl(text, TRACKER_PROTOCOLS);
  if (url === undefined || seen.has(url.href) || seen.size >= MAX_TRACKERS) return false;
  seen.add(url.href);
  return true;
}

function parseUrl(text: string, protocols: readonly string[]): URL | undefined {
  const trimmed = text.trim();
  if (trimmed.length > MAX_URL_LENGTH || !URL.canParse(trimmed)) return undefined;
  const url = new URL(trimmed);
  return protocols.includes(url.protocol) && url.hostname !== "" ? url : undefined;
}

function urlTexts(value: BencodeValue | undefined): string[] {
  const values = isList(value) ? value : [value];
  return values.map(textOf).filter((text) => text !== undefined);
}

import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { HttpError } from "../http-error.ts";
import type { FileTarget } from "../routes/targets.ts";

/** A long film with a night in between; a player opens its address anew with every seek. */
const LINK_LIFE_SECONDS = 24 * 60 * 60;
/** Clocks that are set while a link is used. */
const CLOCK_SKEW_SECONDS = 60;

/** What an address needs to be open without the token, and until when (seconds since 1970). */
interface StreamLink {
  /** Without a question mark. */
  readonly query: string;
  readonly expiresAtSeconds: number;
}

/**
 * Addresses of streams for players, which send no header and no cookie: they carry a signature in place of the token. It is for one
 * file of one torrent, for reading it, and for a time; it does not tell the token, and leads to nothing else.
 */
export interface StreamLinks {
  sign(target: FileTarget): StreamLink;
  /** Throws `link_invalid` or `link_expired` unless the request carries a signature for what it asks for. */
  assertSigned(request: Request): void;
}

/** Links that are valid for who knows the token, and until it is another one. */
export function streamLinks(token: string, wallClockMs: () => number = Date.now): StreamLinks {
  const key = Buffer.from(hkdfSync("sha256", token, "", "riptide stream link", 32));
  const nowSeconds = (): number => Math.floor(wallClockMs() / 1000);
  const macOf = ({ infoHash, index }: FileTarget, expires: string): Buffer =>
    createHmac("sha256", key).update(`GET ${infoHash} ${index} ${expires}`).digest();
  return {
    sign(target) {
      const expiresAtSeconds = nowSeconds() + LINK_LIFE_SECONDS;
      const signature = macOf(target, String(expiresAtSeconds)).toString("base64url");
      return { query: `expires=${expiresAtSeconds}&signature=${signature}`, expiresAtSeconds };
    },
    assertSigned(request) {
      const { pathname, searchParams } = new URL(request.url);
      const target = readsOnly(request) ? signedTarget(pathname) : undefined;
      const [expires = "", ...moreTimes] = searchParams.getAll("expires");
      const [signature = "", ...moreSignatures] = searchParams.getAll("signature");
      const isSpelledOut = /^\d{1,11}$/.test(expires) && moreTimes.length + moreSignatures.length === 0;
      const offered = Buffer.from(signature, "base64url");
      const isCanonical = offered.length === MAC_BYTES && offered.toString("base64url") === signature;
      if (target === undefined || !isSpelledOut || !isCanonical || !timingSafeEqual(offered, macOf(target, expires))) {
        throw new HttpError("link_invalid", "This link does not lead here. Copy it anew from Riptide's page.");
      }
      if (nowSeconds() > Number(expires) + CLOCK_SKEW_SECONDS) {
        throw new HttpError("link_expired", "This link is too old. Copy a new one from Riptide's page.");
      }
    },
  };
}

/** The address of a stream of a file on this server; of queries, each without a question mark. */
export function streamPath({ infoHash, index }: FileTarget, stream: string, queries: readonly string[] = []): string {
  return `/stream/${infoHash}/${index}/${stream}${queries.length === 0 ? "" : `?${queries.join("&")}`}`;
}

/** What opens the file to who has no token, as queries of its address: none if there is no token. */
export function openingQueries(links: StreamLinks | undefined, target: FileTarget): string[] {
  return links === undefined ? [] : [links.sign(target).query];
}

const MAC_BYTES = 32;

/** Whether somebody tries to come in by a link. */
export function isSigned(request: Request): boolean {
  return new URL(request.url).searchParams.has("signature");
}

function readsOnly({ method }: Request): boolean {
  return method === "GET" || method === "HEAD";
}

/** The file that an address of a stream reads; undefined for one that no link is made for. */
function signedTarget(pathname: string): FileTarget | undefined {
  const [, infoHash = "", index, stream = ""] = STREAM_PATH.exec(pathname) ?? [];
  if (index === undefined) return undefined;
  // A file of subtitles is named by its own number, whatever film it is asked for with.
  const sidecar = /^subtitles\/file-(\d{1,7})\.vtt$/.exec(stream)?.[1];
  return { infoHash: infoHash.toLowerCase(), index: Number(sidecar ?? index) };
}

/** Bytes of the file, in any form. Not all that lies below it: what hands out addresses of others is for the token. */
const STREAM_PATH =
  /^\/stream\/([0-9a-f]{40})\/(\d{1,7})(?:\/(direct|remux\.mp4|virtual\.mp4|(?:hls|subtitles|attachments)\/[\w./-]+))?$/i;

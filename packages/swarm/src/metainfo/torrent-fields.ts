import { SourceError } from "@riptide/core";
import type { BencodeDictionary, BencodeValue } from "./bencode.ts";

/** Longer than any title and any path a file system takes; names travel in every status update. */
const MAX_TEXT_BYTES = 65_536;

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** The one spelling of "this torrent breaks a rule"; `rule` is a clause without a full stop. */
export function invalidTorrent(rule: string, cause?: unknown): SourceError {
  return new SourceError("bad_torrent", `This torrent is not valid: ${rule}. Try another source for it.`, { cause });
}

export function isDictionary(value: BencodeValue | undefined): value is BencodeDictionary {
  return value instanceof Map;
}

export function isList(value: BencodeValue | undefined): value is readonly BencodeValue[] {
  return Array.isArray(value);
}

/** Reads a byte string as text: UTF-8, with U+FFFD where it is not. `undefined` when it is no byte string. */
export function textOf(value: BencodeValue | undefined): string | undefined {
  if (!(value instanceof Uint8Array)) return undefined;
  if (value.length > MAX_TEXT_BYTES) throw invalidTorrent("a name is too long");
  return utf8.decode(value);
}

/** Reads a length or size: an integer that is not negative. */
export function sizeOf(value: BencodeValue | undefined, what: string): number {
  if (typeof value !== "number" || value < 0) throw invalidTorrent(`${what} is missing or negative`);
  return value;
}

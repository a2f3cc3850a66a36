import { type BencodeDictionary, BencodeError, type BencodeLimits, decodeBencodePrefix } from "../metainfo/bencode.ts";

/** A dictionary of BEP 9, 10 or 11 holds a few dozen values; a peer that nests or lists more plays games. */
const MESSAGE_LIMITS: Partial<BencodeLimits> = { maxDepth: 8, maxTokens: 2_000 };

/** The dictionary at the start of a message and its length in bytes; null if there is none. Never throws. */
export function decodeDictionary(bytes: Uint8Array): { fields: BencodeDictionary; lengthBytes: number } | null {
  try {
    const { value, length } = decodeBencodePrefix(bytes, MESSAGE_LIMITS);
    return value instanceof Map ? { fields: value, lengthBytes: length } : null;
  } catch (error) {
    if (error instanceof BencodeError) return null;
    throw error;
  }
}

/** The integer of that name, if it is one from `min` to `max`. */
export function integerField(fields: BencodeDictionary, name: string, min: number, max: number): number | undefined {
  const value = fields.get(name);
  return typeof value === "number" && value >= min && value <= max ? value : undefined;
}

/** The byte string of that name; empty if there is none. */
export function bytesField(fields: BencodeDictionary, name: string): Uint8Array {
  const value = fields.get(name);
  return value instanceof Uint8Array ? value : new Uint8Array();
}

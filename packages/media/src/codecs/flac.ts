import { BitCursor } from "./bit-cursor.ts";

/** Rate and channels of a FLAC STREAMINFO block (RFC 9639 §8.2); undefined if it is cut off. */
export function flacParameters(streamInfo: Uint8Array): { sampleRateHz: number; channels: number } | undefined {
  if (streamInfo.length < 13) return undefined;
  // Block sizes 16 + 16, frame sizes 24 + 24; then rate 20, channels minus one 3.
  const bits = new BitCursor(streamInfo).skip(80);
  const sampleRateHz = bits.read(20);
  return { sampleRateHz, channels: bits.read(3) + 1 };
}

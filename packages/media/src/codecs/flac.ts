import { BitCursor } from "./bit-cursor.ts";

/** What a FLAC STREAMINFO block says. */
export interface FlacParameters {
  readonly sampleRateHz: number;
  readonly channels: number;
  readonly bitsPerSample: number;
  /** Samples of each frame but the last, if all are alike. */
  readonly frameSamples: number | undefined;
}

/** Parses a FLAC STREAMINFO block (RFC 9639 §8.2); undefined if it is cut off. */
export function flacParameters(streamInfo: Uint8Array): FlacParameters | undefined {
  if (streamInfo.length < 13) return undefined;
  const bits = new BitCursor(streamInfo);
  const shortest = bits.read(16);
  const longest = bits.read(16);
  // Frame sizes 24 + 24.
  const sampleRateHz = bits.skip(48).read(20);
  return {
    sampleRateHz,
    channels: bits.read(3) + 1,
    bitsPerSample: bits.read(5) + 1,
    frameSamples: shortest === longest && longest > 0 ? longest : undefined,
  };
}

/** The STREAMINFO of metadata blocks, with or without the `fLaC` marker before them (RFC 9639 §8.1); undefined if it is not first. */
export function flacStreamInfo(metadata: Uint8Array): Uint8Array | undefined {
  const start = MARKER.every((byte, index) => metadata[index] === byte) ? MARKER.length : 0;
  const type = (metadata[start] ?? 0xff) & 0x7f;
  const end = start + BLOCK_HEADER_BYTES + STREAM_INFO_BYTES;
  return type !== 0 || metadata.length < end ? undefined : metadata.subarray(start + BLOCK_HEADER_BYTES, end);
}

/** Samples of a frame by its header (RFC 9639 §9.1); undefined if it is none. */
export function flacFrameSamples(frame: Uint8Array): number | undefined {
  if (frame[0] !== 0xff || ((frame[1] ?? 0) & 0xfe) !== 0xf8) return undefined;
  const code = (frame[2] ?? 0) >> 4;
  if (code === 0) return undefined;
  if (code === 1) return 192;
  if (code <= 5) return 144 << code;
  if (code >= 8) return 1 << code;
  // §9.1.5 and §9.1.6: a number as in UTF-8, then the count less one in one or two bytes.
  const position = 4 + codedNumberBytes(frame[4] ?? 0);
  const high = frame[position] ?? 0;
  return code === 6 ? high + 1 : high * 256 + (frame[position + 1] ?? 0) + 1;
}

const MARKER = [0x66, 0x4c, 0x61, 0x43];
const BLOCK_HEADER_BYTES = 4;
const STREAM_INFO_BYTES = 34;

function codedNumberBytes(lead: number): number {
  return Math.max(1, Math.clz32(~(lead << 24)));
}

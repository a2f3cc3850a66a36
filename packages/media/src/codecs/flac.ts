import { BitCursor } from "./bit-cursor.ts";
import { layoutOfMask } from "./channel-layout.ts";

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

/** What metadata blocks tell of the sound beyond rate and channels; nothing if there is no STREAMINFO. */
export function flacSound(metadata: Uint8Array): { channelLayout?: string | undefined; bitDepth?: number | undefined } {
  const streamInfo = flacStreamInfo(metadata);
  if (streamInfo === undefined) return {};
  return { channelLayout: layoutOfMask(channelMask(metadata)), bitDepth: flacParameters(streamInfo)?.bitsPerSample };
}

/** RFC 9639 §8.6.2: a comment, where the loudspeakers are not those that their number stands for. 0 if there is none. */
function channelMask(metadata: Uint8Array): number {
  const text = String.fromCharCode(...metadata.subarray(0, MASK_SEARCH_BYTES));
  const digits = /WAVEFORMATEXTENSIBLE_CHANNEL_MASK=0x([0-9a-f]{1,8})/i.exec(text)?.[1];
  return digits === undefined ? 0 : Number.parseInt(digits, 16);
}

/** Comments come before the pictures, and are short. */
const MASK_SEARCH_BYTES = 16 * 1024;

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

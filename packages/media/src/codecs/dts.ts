import { BitCursor } from "./bit-cursor.ts";

/** What the headers of a DTS frame say (ETSI TS 102 114 §5.3.1, §7.4.1): of its core, and where what extends it ends. */
export interface DtsFrame {
  /** Of the core and of the extension substreams behind it. */
  readonly lengthBytes: number;
  readonly samples: number;
  readonly sampleRateHz: number;
  readonly channels: number;
}

/** The frame at a position, as far as its bytes are there; undefined if there is none of a rate and length that we know. */
export function dtsFrameAt(bytes: Uint8Array, position: number): DtsFrame | undefined {
  const bits = new BitCursor(bytes.subarray(position, position + HEADER_BYTES));
  if (bits.read(32) !== CORE_SYNC) return undefined;
  // FTYPE 1, SHORT 5, CPF 1, NBLKS 7, FSIZE 14, AMODE 6, SFREQ 4, RATE 5, six flags, of which one is 3 long, ASPF 1, LFF 2.
  const blocks = bits.skip(7).read(7) + 1;
  const coreBytes = bits.read(14) + 1;
  const mode = bits.read(6);
  const sampleRateHz = SAMPLE_RATES_HZ[bits.read(4)] ?? 0;
  const hasLowFrequencies = bits.skip(15).read(2) !== 0;
  if (blocks < BLOCKS_MIN || coreBytes < CORE_BYTES_MIN || sampleRateHz === 0) return undefined;
  const channels = (CHANNELS[mode] ?? 0) + Number(hasLowFrequencies);
  const lengthBytes = coreBytes + extensionBytesAt(bytes, position + coreBytes);
  return { lengthBytes, samples: 32 * blocks, sampleRateHz, channels };
}

const CORE_SYNC = 0x7ffe8001;
const EXTENSION_SYNC = 0x64582025;
const HEADER_BYTES = 16;
/** NBLKS below 5 and FSIZE below 95 are invalid. */
const BLOCKS_MIN = 6;
const CORE_BYTES_MIN = 96;
/** Table 5-5, by SFREQ; 0 is invalid. */
const SAMPLE_RATES_HZ = [0, 8000, 16000, 32000, 0, 0, 11025, 22050, 44100, 0, 0, 12000, 24000, 48000];
/** Table 5-4, by AMODE. */
const CHANNELS = [1, 2, 2, 2, 2, 3, 3, 4, 4, 5, 6, 6, 6, 7, 8, 8];
/** nExtSSIndex has two bits. */
const EXTENSIONS_LIMIT = 4;

function extensionBytesAt(bytes: Uint8Array, start: number): number {
  let position = start;
  for (let count = 0; count < EXTENSIONS_LIMIT; count += 1) {
    const bits = new BitCursor(bytes.subarray(position, position + HEADER_BYTES));
    if (bits.read(32) !== EXTENSION_SYNC) break;
    // UserDefinedBits 8, nExtSSIndex 2, bHeaderSizeType 1: then nuExtSSHeaderSize and nuExtSSFsize, each one less.
    const isLong = bits.skip(10).read(1) === 1;
    position += bits.skip(isLong ? 12 : 8).read(isLong ? 20 : 16) + 1;
  }
  return position - start;
}

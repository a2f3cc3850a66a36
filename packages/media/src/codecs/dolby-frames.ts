import { BitCursor } from "./bit-cursor.ts";

/** The header of an AC-3 or E-AC-3 frame (ETSI TS 102 366 §4.4 and §E.1.2). */
export interface DolbyFrame {
  readonly lengthBytes: number;
  readonly sampleRateHz: number;
  /** Each is 256 samples. */
  readonly blocks: number;
  /** It adds channels to the independent substream before it. Never so in AC-3. */
  readonly isDependent: boolean;
  readonly substreamId: number;
  readonly rateCode: number;
  readonly bitStreamId: number;
  readonly bitStreamMode: number;
  readonly codingMode: number;
  readonly hasLowFrequency: boolean;
  /** frmsizecod >> 1 of AC-3. */
  readonly bitRateCode: number;
  /** Which channels a dependent substream adds, most significant bit first (table E.1.5). */
  readonly channelMap: number;
}

/** Samples of one audio block. */
export const DOLBY_BLOCK_SAMPLES = 256;

/** Eight independent substreams, each with eight dependent ones, each in one to six frames: no packet of sound has as many. */
const FRAMES_LIMIT = 64;

/** The frames in a packet, one after the other; they end at the first that is none. */
export function* dolbyFrames(packet: Uint8Array): Generator<DolbyFrame> {
  let start = 0;
  for (let count = 0; count < FRAMES_LIMIT; count += 1) {
    const frame = parseFrame(packet.subarray(start));
    if (frame === undefined) return;
    yield frame;
    start += frame.lengthBytes;
  }
}

function parseFrame(bytes: Uint8Array): DolbyFrame | undefined {
  if (bytes.length < HEADER_BYTES || bytes[0] !== 0x0b || bytes[1] !== 0x77) return undefined;
  // bsid lies at the same place in both: §E.1.3.1.6.
  const bitStreamId = (bytes[5] ?? 0) >> 3;
  return bitStreamId <= LAST_AC3_ID ? parseAc3(bytes) : parseEnhanced(bytes);
}

/** The longest header, as far as it is read: a dependent substream of two mono programmes. */
const HEADER_BYTES = 8;

/** bsid up to 10 is AC-3 (9 and 10 at a half and a quarter of the rate), 11 to 16 is E-AC-3. */
const LAST_AC3_ID = 10;

const SAMPLE_RATES_HZ = [48_000, 44_100, 32_000];
const RESERVED_RATE = 3;
const ALL_BLOCKS = 6;
const BLOCKS = [1, 2, 3, ALL_BLOCKS];

/** Table 4.13, by frmsizecod >> 1. */
const BIT_RATES = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];

/** syncinfo and bsi (§4.3.1, §4.3.2). */
function parseAc3(bytes: Uint8Array): DolbyFrame | undefined {
  const bits = new BitCursor(bytes).skip(32);
  const rateCode = bits.read(2);
  const sizeCode = bits.read(6);
  const kilobits = BIT_RATES[sizeCode >> 1];
  const fullRateHz = SAMPLE_RATES_HZ[rateCode];
  if (kilobits === undefined || fullRateHz === undefined) return undefined;
  const bitStreamId = bits.read(5);
  const bitStreamMode = bits.read(3);
  const codingMode = bits.read(3);
  if ((codingMode & 1) !== 0 && codingMode !== 1) bits.skip(2);
  if ((codingMode & 4) !== 0) bits.skip(2);
  if (codingMode === 2) bits.skip(2);
  // At 44.1 kHz frames of two lengths alternate, and the lowest bit says which this is.
  const words = Math.floor((kilobits * 96_000) / fullRateHz) + (rateCode === 1 ? sizeCode & 1 : 0);
  return {
    lengthBytes: words * 2,
    sampleRateHz: fullRateHz >> Math.max(0, bitStreamId - 8),
    blocks: ALL_BLOCKS,
    isDependent: false,
    substreamId: 0,
    rateCode,
    bitStreamId,
    bitStreamMode,
    codingMode,
    hasLowFrequency: bits.read(1) === 1,
    bitRateCode: sizeCode >> 1,
    channelMap: 0,
  };
}

/** syncinfo and the start of bsi (§E.1.2.1, §E.1.2.2). */
function parseEnhanced(bytes: Uint8Array): DolbyFrame | undefined {
  const bits = new BitCursor(bytes).skip(16);
  const streamType = bits.read(2);
  const substreamId = bits.read(3);
  const lengthBytes = (bits.read(11) + 1) * 2;
  const rateCode = bits.read(2);
  const blocksOrHalfRateCode = bits.read(2);
  const isHalfRate = rateCode === RESERVED_RATE;
  const rateHz = SAMPLE_RATES_HZ[isHalfRate ? blocksOrHalfRateCode : rateCode];
  if (rateHz === undefined || streamType === RESERVED_STREAM_TYPE || lengthBytes < HEADER_BYTES) return undefined;
  const codingMode = bits.read(3);
  const hasLowFrequency = bits.read(1) === 1;
  const bitStreamId = bits.read(5);
  const isDependent = streamType === DEPENDENT;
  return {
    lengthBytes,
    sampleRateHz: isHalfRate ? rateHz / 2 : rateHz,
    blocks: isHalfRate ? ALL_BLOCKS : (BLOCKS[blocksOrHalfRateCode] ?? ALL_BLOCKS),
    isDependent,
    substreamId,
    rateCode,
    bitStreamId,
    codingMode,
    hasLowFrequency,
    // It lies behind mixing data of many lengths, and is 0 (complete main) in all but special services.
    bitStreamMode: 0,
    bitRateCode: 0,
    channelMap: isDependent ? readChannelMap(bits, codingMode) : 0,
  };
}

const DEPENDENT = 1;
const RESERVED_STREAM_TYPE = 3;

/** dialnorm and compr, twice if there are two mono programmes; then chanmape and chanmap. */
function readChannelMap(bits: BitCursor, codingMode: number): number {
  for (let programme = 0; programme < (codingMode === 0 ? 2 : 1); programme += 1) {
    bits.skip(5);
    if (bits.read(1) === 1) bits.skip(8);
  }
  return bits.read(1) === 1 ? bits.read(16) : 0;
}

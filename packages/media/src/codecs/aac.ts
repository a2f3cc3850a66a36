import { BitCursor } from "./bit-cursor.ts";
import { layoutOfMask } from "./channel-layout.ts";

/** What an AAC decoder configuration says of the sound. */
export interface AacParameters {
  /** RFC 6381 §3.3: `mp4a.40.` and the audio object type. */
  readonly codecString: string;
  readonly sampleRateHz: number | undefined;
  readonly channels: number | undefined;
  readonly channelLayout: string | undefined;
}

/** Parses an AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1); undefined if it is too short to be one. */
export function aacParameters(config: Uint8Array): AacParameters | undefined {
  if (config.length < 2) return undefined;
  const bits = new BitCursor(config);
  const objectType = readObjectType(bits);
  if (objectType === 0) return undefined;
  const codedRateHz = readSampleRate(bits);
  const coded = bits.read(4);
  const channelConfiguration = objectType === PARAMETRIC_STEREO ? STEREO : coded;
  const doublesRate = objectType === SBR || objectType === PARAMETRIC_STEREO;
  return {
    codecString: `mp4a.40.${objectType}`,
    sampleRateHz: doublesRate ? readSampleRate(bits) : codedRateHz,
    channels: CHANNELS[channelConfiguration],
    channelLayout: layoutOfMask(LOUDSPEAKERS[channelConfiguration] ?? 0),
  };
}

/** How the sound of an AAC stream is cut into frames. */
export interface AacFraming {
  readonly codedRateHz: number;
  /** What comes out of the decoder: twice the coded rate with spectral band replication. */
  readonly outputRateHz: number;
  /** Samples that a frame holds, at the coded rate. */
  readonly frameSamples: number;
}

/** What an AudioSpecificConfig says of its frames; undefined if it is no AAC, or no rate that we know. */
export function aacFraming(config: Uint8Array): AacFraming | undefined {
  const bits = new BitCursor(config);
  let objectType = readObjectType(bits);
  const codedRateHz = readSampleRate(bits);
  const channelConfiguration = bits.read(4);
  let outputRateHz = codedRateHz;
  if (objectType === SBR || objectType === PARAMETRIC_STEREO) {
    outputRateHz = readSampleRate(bits);
    objectType = readObjectType(bits);
  }
  if (!FRAMED_OBJECT_TYPES.has(objectType) || codedRateHz === undefined || outputRateHz === undefined) return undefined;
  // GASpecificConfig, ISO/IEC 14496-3 §4.4.1: frameLengthFlag, dependsOnCoreCoder, extensionFlag.
  const frameSamples = bits.read(1) === 1 ? 960 : 1024;
  if (bits.read(1) === 1) bits.skip(14);
  bits.skip(1);
  const extensionRateHz = channelConfiguration === 0 ? undefined : readSyncExtension(bits);
  return { codedRateHz, outputRateHz: extensionRateHz ?? outputRateHz, frameSamples };
}

/** What a container tells of an AAC stream that it holds no AudioSpecificConfig of. */
export interface AacDescription {
  readonly objectType: number;
  readonly codedRateHz: number | undefined;
  /** Set if spectral band replication is used. */
  readonly extensionRateHz: number | undefined;
  readonly channels: number | undefined;
}

/** An AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1, §1.6.6.1); undefined for rates and channels that have no number there. */
export function aacConfigurationOf(description: AacDescription): Uint8Array | undefined {
  const rateIndex = SAMPLE_RATES_HZ.indexOf(description.codedRateHz ?? 0);
  const channelConfiguration = CHANNELS.indexOf(description.channels ?? 0);
  if (rateIndex < 0 || channelConfiguration < 0) return undefined;
  const basic = [
    (description.objectType << 3) | (rateIndex >> 1),
    ((rateIndex & 1) << 7) | (channelConfiguration << 3),
  ];
  if (description.extensionRateHz === undefined) return Uint8Array.from(basic);
  const extensionIndex = SAMPLE_RATES_HZ.indexOf(description.extensionRateHz);
  if (extensionIndex < 0) return undefined;
  // Sync word (11 bits), object type (5); then the flag and the rate.
  return Uint8Array.from([
    ...basic,
    SYNC_EXTENSION >> 3,
    ((SYNC_EXTENSION & 7) << 5) | SBR,
    0x80 | (extensionIndex << 3),
  ]);
}

/** The AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1) of AAC-LC with a rate of table 1.18, and at most six channels. */
export function aacLcConfiguration(sampleRateHz: number, channels: number): Uint8Array {
  const rateIndex = SAMPLE_RATES_HZ.indexOf(sampleRateHz);
  const bits = (AAC_LC << 11) | (rateIndex << 7) | (channels << 3);
  return Uint8Array.of(bits >> 8, bits & 0xff);
}

const AAC_LC = 2;
/** Spectral band replication (HE-AAC) and parametric stereo (HE-AAC v2): ISO/IEC 14496-3 table 1.17. */
const SBR = 5;
const PARAMETRIC_STEREO = 29;
const ESCAPED_OBJECT_TYPE = 31;
const EXPLICIT_RATE = 15;
/** Table 1.17: Main, LC, SSR and LTP, whose frames hold 1024 or 960 samples. */
const FRAMED_OBJECT_TYPES = new Set([1, 2, 3, 4]);
/** §1.6.2.1, syncExtensionType: spectral band replication, told behind what older decoders read. */
const SYNC_EXTENSION = 0x2b7;

/** ISO/IEC 14496-3 table 1.18. */
const SAMPLE_RATES_HZ = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];

/** By channelConfiguration, ISO/IEC 14496-3 table 1.19; 0 means "see the stream". */
const CHANNELS = [undefined, 1, 2, 3, 4, 5, 6, 8, undefined, undefined, undefined, 7, 8, undefined, 8];
/** The same as bits of a Windows channel mask. Configuration 7 is 7.1 with two more in front, but encoders write it for plain 7.1. */
const LOUDSPEAKERS = [0, 0x4, 0x3, 0x7, 0x107, 0x607, 0x60f, 0x63f, 0, 0, 0, 0x70f, 0x63f, 0, 0x560f];
const STEREO = 2;

function readObjectType(bits: BitCursor): number {
  const objectType = bits.read(5);
  return objectType === ESCAPED_OBJECT_TYPE ? 32 + bits.read(6) : objectType;
}

function readSampleRate(bits: BitCursor): number | undefined {
  const index = bits.read(4);
  return index === EXPLICIT_RATE ? bits.read(24) : SAMPLE_RATES_HZ[index];
}

function readSyncExtension(bits: BitCursor): number | undefined {
  const isSbr = bits.read(11) === SYNC_EXTENSION && readObjectType(bits) === SBR && bits.read(1) === 1;
  return isSbr ? readSampleRate(bits) : undefined;
}

import { BitCursor } from "./bit-cursor.ts";

/** What an AAC decoder configuration says of the sound. */
export interface AacParameters {
  /** RFC 6381 §3.3: `mp4a.40.` and the audio object type. */
  readonly codecString: string;
  readonly sampleRateHz: number | undefined;
  readonly channels: number | undefined;
}

/** Parses an AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1); undefined if it is too short to be one. */
export function aacParameters(config: Uint8Array): AacParameters | undefined {
  if (config.length < 2) return undefined;
  const bits = new BitCursor(config);
  const objectType = readObjectType(bits);
  if (objectType === 0) return undefined;
  const codedRateHz = readSampleRate(bits);
  const channels = CHANNELS[bits.read(4)];
  const doublesRate = objectType === SBR || objectType === PARAMETRIC_STEREO;
  return {
    codecString: `mp4a.40.${objectType}`,
    sampleRateHz: doublesRate ? readSampleRate(bits) : codedRateHz,
    channels: objectType === PARAMETRIC_STEREO ? 2 : channels,
  };
}

/** Spectral band replication (HE-AAC) and parametric stereo (HE-AAC v2): ISO/IEC 14496-3 table 1.17. */
const SBR = 5;
const PARAMETRIC_STEREO = 29;
const ESCAPED_OBJECT_TYPE = 31;
const EXPLICIT_RATE = 15;

/** ISO/IEC 14496-3 table 1.18. */
const SAMPLE_RATES_HZ = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];

/** By channelConfiguration, ISO/IEC 14496-3 table 1.19; 0 means "see the stream". */
const CHANNELS = [undefined, 1, 2, 3, 4, 5, 6, 8, undefined, undefined, undefined, 7, 8, undefined, 8];

function readObjectType(bits: BitCursor): number {
  const objectType = bits.read(5);
  return objectType === ESCAPED_OBJECT_TYPE ? 32 + bits.read(6) : objectType;
}

function readSampleRate(bits: BitCursor): number | undefined {
  const index = bits.read(4);
  return index === EXPLICIT_RATE ? bits.read(24) : SAMPLE_RATES_HZ[index];
}

/** What the header of an MPEG audio frame says of its length (ISO/IEC 11172-3 §2.4.1.3, ISO/IEC 13818-3 §2.4.1.3). */
export interface MpegAudioFrame {
  readonly sampleRateHz: number;
  readonly samples: number;
}

/** Parses the header of a layer III frame; undefined if it is none. */
export function mp3Frame(frame: Uint8Array): MpegAudioFrame | undefined {
  const [first = 0, second = 0, third = 0] = frame;
  if (first !== 0xff || second >> 5 !== 7 || ((second >> 1) & 3) !== LAYER_III) return undefined;
  const version = (second >> 3) & 3;
  const rateHz = SAMPLE_RATES_HZ[(third >> 2) & 3];
  if (rateHz === undefined || version === RESERVED_VERSION) return undefined;
  if (version === MPEG_1) return { sampleRateHz: rateHz, samples: 1152 };
  return { sampleRateHz: version === MPEG_2 ? rateHz / 2 : rateHz / 4, samples: 576 };
}

/** Layer III frames of MPEG-1 rates hold two granules, those of the lower rates one. */
export function mp3FrameSamples(sampleRateHz: number): number {
  return isMpeg1Rate(sampleRateHz) ? 1152 : 576;
}

/** The rates of ISO/IEC 11172-3; lower ones are those of ISO/IEC 13818-3. */
export function isMpeg1Rate(sampleRateHz: number): boolean {
  return sampleRateHz >= 32_000;
}

const LAYER_III = 1;
const MPEG_1 = 3;
const MPEG_2 = 2;
const RESERVED_VERSION = 1;
const SAMPLE_RATES_HZ = [44_100, 48_000, 32_000];

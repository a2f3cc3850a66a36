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

/** A whole header: what `MpegAudioFrame` says, and where the frame ends. */
export interface MpegAudioHeader extends MpegAudioFrame {
  /** 1 to 3. */
  readonly layer: number;
  readonly lengthBytes: number;
  readonly channels: number;
}

/** The header of a frame of any layer at a position; undefined if there is none, or one of a free bit rate. */
export function mpegAudioHeaderAt(bytes: Uint8Array, position: number): MpegAudioHeader | undefined {
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes.subarray(position, position + 4);
  const version = (second >> 3) & 3;
  const layer = 4 - ((second >> 1) & 3);
  const fullRateHz = SAMPLE_RATES_HZ[(third >> 2) & 3];
  if (first !== 0xff || second >> 5 !== 7 || layer === 4 || version === RESERVED_VERSION) return undefined;
  const kilobits = bitRatesOf(version, layer)[(third >> 4) - 1];
  if (fullRateHz === undefined || kilobits === undefined) return undefined;
  const sampleRateHz = fullRateHz / (version === MPEG_1 ? 1 : version === MPEG_2 ? 2 : 4);
  const samples = layer === 1 ? 384 : layer === 3 && version !== MPEG_1 ? 576 : 1152;
  // §2.4.3.1: slots of four bytes in layer I, of one byte in the others.
  const slotBytes = layer === 1 ? 4 : 1;
  const slots = Math.floor((samples * kilobits * 125) / sampleRateHz / slotBytes) + ((third >> 1) & 1);
  return { layer, lengthBytes: slots * slotBytes, sampleRateHz, samples, channels: fourth >> 6 === MONO ? 1 : 2 };
}

function bitRatesOf(version: number, layer: number): readonly number[] {
  if (version !== MPEG_1) return layer === 1 ? LOW_LAYER_I_KILOBITS : LOW_KILOBITS;
  return MPEG_1_KILOBITS[layer - 1] ?? [];
}

const LAYER_III = 1;
const MPEG_1 = 3;
const MPEG_2 = 2;
const RESERVED_VERSION = 1;
const SAMPLE_RATES_HZ = [44_100, 48_000, 32_000];
const MONO = 3;

/** ISO/IEC 11172-3 table of §2.4.2.3, by layer, from index 1 on. */
const MPEG_1_KILOBITS = [
  [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
];
/** ISO/IEC 13818-3 §2.4.2.3, of the lower rates. */
const LOW_LAYER_I_KILOBITS = [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256];
const LOW_KILOBITS = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

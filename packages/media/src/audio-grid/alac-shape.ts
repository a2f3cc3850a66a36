import { BitCursor } from "../codecs/bit-cursor.ts";
import { damagedMedia } from "../damaged.ts";
import { COMMON, type FrameShape } from "./frame-shape.ts";

/** The ALACSpecificConfig: frame length 4, version 1, bits 1, three tuning parameters, channels 1, … (ALACMagicCookieDescription). */
const CONFIGURATION_LENGTH_BYTES = 24;
/** Apple's encoder writes 4096; the largest that a decoder must take is four times that. */
const FRAME_MAX_SAMPLES = 16_384;

/** Frames of ALAC stand for themselves, and all but the last one are of one length. */
export function alacShape(configuration: Uint8Array): FrameShape {
  if (configuration.length < CONFIGURATION_LENGTH_BYTES) throw damagedMedia("its ALAC header is cut off");
  const frameSamples = new DataView(configuration.buffer, configuration.byteOffset).getUint32(0);
  if (frameSamples === 0 || frameSamples > FRAME_MAX_SAMPLES) {
    throw damagedMedia(`its ALAC header says that frames hold ${frameSamples} samples`);
  }
  return {
    ...COMMON,
    codec: "alac",
    codecId: "A_ALAC",
    warmupFrames: 0,
    frameSamples,
    stepSamples: frameSamples,
    measure: (frame) => alacSamples(frame, frameSamples),
    codecPrivate: configuration.subarray(0, CONFIGURATION_LENGTH_BYTES),
  };
}

/** A frame begins with an element: tag 3, instance 4, unused 12, whether it is shorter 1, shift 2, escape 1, then how long it is 32. */
function alacSamples(frame: Uint8Array, frameSamples: number): number | undefined {
  const bits = new BitCursor(frame).skip(19);
  if (frame.length < 3) return undefined;
  if (bits.read(1) === 0) return frameSamples;
  const samples = bits.skip(3).read(32);
  return samples > 0 && samples <= frameSamples ? samples : undefined;
}

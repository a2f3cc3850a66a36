import { BitCursor } from "./bit-cursor.ts";

/** What the uncompressed header of a VP9 keyframe says. */
export interface Vp9Parameters {
  readonly profile: number;
  readonly bitDepth: number;
  /** By VP Codec ISO Media File Format Binding: 1 is 4:2:0, 2 is 4:2:2, 3 is 4:4:4. */
  readonly chromaSubsampling: number;
  readonly isFullRange: boolean;
  /** MatrixCoefficients of ISO/IEC 23091-2. */
  readonly matrixCoefficients: number;
  readonly widthPixels: number;
  readonly heightPixels: number;
}

/** Parses a frame (VP9 Bitstream Specification §6.2); undefined if it is not a keyframe. */
export function vp9Parameters(frame: Uint8Array): Vp9Parameters | undefined {
  const bits = new BitCursor(frame);
  if (bits.read(2) !== FRAME_MARKER) return undefined;
  const profile = bits.read(1) + 2 * bits.read(1);
  if (profile === 3) bits.skip(1);
  const isShownAgain = bits.read(1) === 1;
  const isKeyframe = bits.read(1) === 0;
  if (isShownAgain || !isKeyframe || bits.skip(2).read(24) !== SYNC_CODE) return undefined;
  const colour = readColour(bits, profile);
  return { profile, ...colour, widthPixels: bits.read(16) + 1, heightPixels: bits.read(16) + 1 };
}

/**
 * The lowest level that allows such pictures (VP9 Levels, webmproject.org): by luma samples per second and per picture.
 * Streams do not tell their level.
 */
export function vp9Level(widthPixels: number, heightPixels: number, framesPerSecond: number): number {
  const samples = widthPixels * heightPixels;
  const level = LEVELS.find(([, rate, size]) => samples <= size && samples * framesPerSecond <= rate);
  return level?.[0] ?? HIGHEST_LEVEL;
}

const FRAME_MARKER = 2;
const SYNC_CODE = 0x498342;
const RGB = 7;

function readColour(bits: BitCursor, profile: number) {
  const bitDepth = profile < 2 ? 8 : 10 + 2 * bits.read(1);
  const colourSpace = bits.read(3);
  const hasFormat = profile === 1 || profile === 3;
  const matrixCoefficients = MATRIX_COEFFICIENTS[colourSpace] ?? 2;
  if (colourSpace === RGB) {
    bits.skip(hasFormat ? 1 : 0);
    return { bitDepth, chromaSubsampling: 3, isFullRange: true, matrixCoefficients };
  }
  const isFullRange = bits.read(1) === 1;
  if (!hasFormat) return { bitDepth, chromaSubsampling: 1, isFullRange, matrixCoefficients };
  const isHalfWidth = bits.read(1);
  const isHalfHeight = bits.read(1);
  bits.skip(1);
  // 4:4:0 has no number of its own; it is the only one that is told as another.
  const chromaSubsampling = isHalfWidth === 1 ? 2 - isHalfHeight : 3;
  return { bitDepth, chromaSubsampling, isFullRange, matrixCoefficients };
}

/** By color_space (VP9 Bitstream Specification §7.2.2), 2 is "unspecified". */
const MATRIX_COEFFICIENTS = [2, 5, 1, 6, 7, 9, 2, 0];

/** Level × 10, luma samples per second, luma samples per picture. */
const LEVELS = [
  [10, 829_440, 36_864],
  [11, 2_764_800, 73_728],
  [20, 4_608_000, 122_880],
  [21, 9_216_000, 245_760],
  [30, 20_736_000, 552_960],
  [31, 36_864_000, 983_040],
  [40, 83_558_400, 2_228_224],
  [41, 160_432_128, 2_228_224],
  [50, 311_951_360, 8_912_896],
  [51, 588_251_136, 8_912_896],
  [52, 1_176_502_272, 8_912_896],
  [60, 1_176_502_272, 35_651_584],
  [61, 2_353_004_544, 35_651_584],
] as const;
const HIGHEST_LEVEL = 62;

import type { DynamicRange, PictureFormat, PixelAspectRatio, VideoColour } from "../media-info.ts";
import { BitCursor } from "./bit-cursor.ts";

/** ITU-T H.273: what says nothing. */
const UNSPECIFIED = 2;

type ToldColour = { readonly [Field in keyof VideoColour]?: VideoColour[Field] | undefined };

/** A colour of which nothing, or something, is said; undefined if nothing is. */
export function colourOf(told: ToldColour): VideoColour | undefined {
  const { primaries = UNSPECIFIED, transfer = UNSPECIFIED, matrix = UNSPECIFIED, isFullRange } = told;
  const saysNothing = [primaries, transfer, matrix].every((code) => code === UNSPECIFIED) && isFullRange === undefined;
  return saysNothing ? undefined : { primaries, transfer, matrix, isFullRange };
}

/** What `first` says, and where it says nothing, what `second` does. */
export function mergedColour(first: VideoColour | undefined, second: VideoColour | undefined): VideoColour | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  const told = (field: "primaries" | "transfer" | "matrix") =>
    first[field] === UNSPECIFIED ? second[field] : first[field];
  return {
    primaries: told("primaries"),
    transfer: told("transfer"),
    matrix: told("matrix"),
    isFullRange: first.isFullRange ?? second.isFullRange,
  };
}

/** What kind of light a picture is made for; undefined if nothing tells. */
export function dynamicRangeOf({
  colour,
  dolbyVision,
}: Pick<PictureFormat, "colour" | "dolbyVision">): DynamicRange | undefined {
  return dolbyVision === undefined ? TRANSFERS.get(colour?.transfer ?? UNSPECIFIED) : "dolby_vision";
}

/**
 * A DOVIDecoderConfigurationRecord, `dvcC` or `dvvC` (Dolby Vision Streams within the ISO Base Media File Format §3.2); undefined
 * if it is cut off.
 */
export function dolbyVisionOf(record: Uint8Array | undefined): PictureFormat["dolbyVision"] {
  if (record === undefined || record.length < DOLBY_VISION_RECORD_BYTES) return undefined;
  const bits = new BitCursor(record).skip(16);
  const profile = bits.read(7);
  const level = bits.read(6);
  // rpu_present_flag, el_present_flag, bl_present_flag.
  return { profile, level, baseLayer: BASE_LAYERS[bits.skip(3).read(4)] };
}

/** The ratio of two numbers in its lowest terms; undefined if it is none, or one of more than 32 bits. */
export function aspectRatioOf(width: number, height: number): PixelAspectRatio | undefined {
  if (!Number.isSafeInteger(width) || !Number.isSafeInteger(height) || width <= 0 || height <= 0) return undefined;
  const divisor = greatestCommonDivisor(width, height);
  const ratio = { width: width / divisor, height: height / divisor };
  return Math.max(ratio.width, ratio.height) < 2 ** 32 ? ratio : undefined;
}

/** Of the 24 bytes of the record, those that say something. */
const DOLBY_VISION_RECORD_BYTES = 5;

/** By bl_signal_compatibility_id; 6 is HDR10 as on discs. */
const BASE_LAYERS = [undefined, "hdr10", "sdr", undefined, "hlg", undefined, "hdr10"] as const;

/** By TransferCharacteristics, ITU-T H.273 table 3: SMPTE ST 2084 (PQ) and ARIB STD-B67 (HLG) are those of high dynamic range. */
const TRANSFERS = new Map<number, DynamicRange>([
  ...[1, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15].map((transfer): [number, DynamicRange] => [transfer, "sdr"]),
  [16, "hdr10"],
  [18, "hlg"],
]);

function greatestCommonDivisor(first: number, second: number): number {
  let [larger, smaller] = [first, second];
  while (smaller > 0) [larger, smaller] = [smaller, larger % smaller];
  return larger;
}

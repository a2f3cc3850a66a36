import type { PixelAspectRatio, VideoColour } from "../media-info.ts";
import type { BitCursor } from "./bit-cursor.ts";
import { aspectRatioOf, colourOf } from "./colour.ts";

/** What the Video Usability Information of a sequence parameter set tells of how its pictures are shown. */
export interface VideoUsability {
  readonly pixelAspectRatio: PixelAspectRatio | undefined;
  readonly colour: VideoColour | undefined;
}

/** The start of vui_parameters, which is the same in both: ITU-T H.264 §E.1.1 and H.265 §E.2.1, up to the colours. */
export function readUsability(bits: BitCursor): VideoUsability {
  const pixelAspectRatio = bits.read(1) === 1 ? readAspectRatio(bits) : undefined;
  // overscan_info_present_flag, overscan_appropriate_flag.
  if (bits.read(1) === 1) bits.skip(1);
  return { pixelAspectRatio, colour: bits.read(1) === 1 ? readColour(bits) : undefined };
}

function readAspectRatio(bits: BitCursor): PixelAspectRatio | undefined {
  const EXTENDED = 255;
  const code = bits.read(8);
  if (code === EXTENDED) return aspectRatioOf(bits.read(16), bits.read(16));
  const [width = 0, height = 0] = ASPECT_RATIOS[code] ?? [];
  return aspectRatioOf(width, height);
}

function readColour(bits: BitCursor): VideoColour | undefined {
  const isFullRange = bits.skip(3).read(1) === 1;
  if (bits.read(1) === 0) return colourOf({ isFullRange });
  return colourOf({ primaries: bits.read(8), transfer: bits.read(8), matrix: bits.read(8), isFullRange });
}

/** By aspect_ratio_idc, ITU-T H.273 table 6; 0 is "unspecified". */
const ASPECT_RATIOS = [
  [0, 0],
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
] as const;

import { ByteCursor } from "../byte-cursor.ts";
import { aspectRatioOf, colourOf, dolbyVisionOf, dynamicRangeOf, mergedColour } from "../codecs/colour.ts";
import type { PictureFormat, PixelAspectRatio, VideoColour } from "../media-info.ts";
import { boxAt, boxesOf } from "./box.ts";

/** How pictures are shown by the boxes of their sample entry, and by `coded`, the configuration of the codec, where these do not tell. */
export function parsePicture(children: Uint8Array, coded: PictureFormat): PictureFormat {
  const colour = mergedColour(parseColour(children), coded.colour);
  const record = boxAt(children, "dvcC") ?? boxAt(children, "dvvC") ?? boxAt(children, "dvwC");
  const dolbyVision = dolbyVisionOf(record);
  return {
    ...coded,
    colour,
    dolbyVision,
    dynamicRange: dynamicRangeOf({ colour, dolbyVision }),
    pixelAspectRatio: parseAspectRatio(children) ?? coded.pixelAspectRatio,
  };
}

/**
 * How far the matrix of a `tkhd` box turns the picture (ISO/IEC 14496-12 §8.3.2), clockwise, to the nearest quarter: it takes (1, 0) to
 * (a, b), and y grows downwards.
 */
export function rotationOf(tkhd: Uint8Array | undefined): number {
  if (tkhd === undefined) return 0;
  const MATRIX_END_FROM_BACK = 8;
  const MATRIX_BYTES = 36;
  const start = tkhd.length - MATRIX_END_FROM_BACK - MATRIX_BYTES;
  if (start < 0) return 0;
  const matrix = new DataView(tkhd.buffer, tkhd.byteOffset + start, 8);
  const quarters = Math.round(Math.atan2(matrix.getInt32(4), matrix.getInt32(0)) / (Math.PI / 2));
  return ((quarters + 4) % 4) * 90;
}

/** §12.1.5: of several `colr` boxes one may be an ICC profile, which says nothing that we use. */
function parseColour(children: Uint8Array): VideoColour | undefined {
  for (const { type, content } of boxesOf(children)) {
    if (type !== "colr" || content.length < COLOUR_BYTES) continue;
    const cursor = new ByteCursor(content, "colour description");
    const kind = cursor.fourCharacters();
    if (kind !== "nclx" && kind !== "nclc") continue;
    const codes = { primaries: cursor.u16(), transfer: cursor.u16(), matrix: cursor.u16() };
    if (Math.max(codes.primaries, codes.transfer, codes.matrix) > CODE_POINT_LIMIT) return undefined;
    // QuickTime's `nclc` ends here.
    const isFullRange = kind === "nclx" && cursor.remaining > 0 ? cursor.u8() >= 0x80 : undefined;
    return colourOf({ ...codes, isFullRange });
  }
  return undefined;
}

const COLOUR_BYTES = 10;
/** Code points have eight bits (ITU-T H.273). */
const CODE_POINT_LIMIT = 255;

/** §12.1.4: hSpacing and vSpacing. */
function parseAspectRatio(children: Uint8Array): PixelAspectRatio | undefined {
  const pasp = boxAt(children, "pasp");
  if (pasp === undefined || pasp.length < 8) return undefined;
  const cursor = new ByteCursor(pasp, "shape of pixels");
  return aspectRatioOf(cursor.u32(), cursor.u32());
}

import { aspectRatioOf, colourOf, dolbyVisionOf, dynamicRangeOf, mergedColour } from "../codecs/colour.ts";
import type { ChromaSubsampling, PictureFormat, PixelAspectRatio, VideoColour } from "../media-info.ts";
import { positive } from "../track-list.ts";
import { elementsOf, fieldsOf, unsignedInteger } from "./ebml.ts";
import { ElementId } from "./element-ids.ts";

/**
 * How the pictures of a TrackEntry are shown (RFC 9559 §5.1.4.1.28), and what `coded`, the configuration of its codec, tells where the
 * container does not.
 */
export function parsePicture(entry: Uint8Array, coded: PictureFormat): PictureFormat {
  const video = fieldsOf(fieldsOf(entry).get(ElementId.video) ?? NOTHING);
  const told = fieldsOf(video.get(ElementId.colour) ?? NOTHING);
  const colour = mergedColour(parseColour(told), coded.colour);
  const dolbyVision = parseDolbyVision(entry);
  return {
    ...coded,
    bitDepth: coded.bitDepth ?? positive(unsignedInteger(told.get(ElementId.bitsPerChannel))),
    chromaSubsampling: coded.chromaSubsampling ?? parseChroma(told),
    colour,
    dolbyVision,
    dynamicRange: dynamicRangeOf({ colour, dolbyVision }),
    pixelAspectRatio: parseAspectRatio(video) ?? coded.pixelAspectRatio,
  };
}

type Fields = ReadonlyMap<number, Uint8Array>;

const NOTHING = new Uint8Array(0);

/** §5.1.4.1.28.16: Colour. */
function parseColour(fields: Fields): VideoColour | undefined {
  const told = {
    primaries: unsignedInteger(fields.get(ElementId.primaries)),
    transfer: unsignedInteger(fields.get(ElementId.transferCharacteristics)),
    matrix: unsignedInteger(fields.get(ElementId.matrixCoefficients)),
    isFullRange: RANGES[unsignedInteger(fields.get(ElementId.range)) ?? 0],
  };
  const isPossible = [told.primaries, told.transfer, told.matrix].every((code = 0) => code <= CODE_POINT_LIMIT);
  return isPossible ? colourOf(told) : undefined;
}

/** Code points have eight bits (ITU-T H.273). */
const CODE_POINT_LIMIT = 255;

/** §5.1.4.1.28.25: unspecified, broadcast, full; 3 is told by the other fields. */
const RANGES = [undefined, false, true] as const;

/** §5.1.4.1.28.19 and 20: how many samples are left out in each direction. */
function parseChroma(fields: Fields): ChromaSubsampling | undefined {
  const horizontal = unsignedInteger(fields.get(ElementId.chromaSubsamplingHorz));
  const vertical = unsignedInteger(fields.get(ElementId.chromaSubsamplingVert));
  return CHROMA.get(`${horizontal},${vertical}`);
}

const CHROMA = new Map<string, ChromaSubsampling>([
  ["0,0", "4:4:4"],
  ["1,0", "4:2:2"],
  ["0,1", "4:4:0"],
  ["1,1", "4:2:0"],
]);

/**
 * §11.1 (BlockAdditionMapping) and Matroska Block Additional Mapping Codecs: `dvcC` and `dvvC`, by their four characters as a
 * number.
 */
function parseDolbyVision(entry: Uint8Array): PictureFormat["dolbyVision"] {
  for (const { id, content } of elementsOf(entry)) {
    if (id !== ElementId.blockAdditionMapping) continue;
    const fields = fieldsOf(content);
    const type = unsignedInteger(fields.get(ElementId.blockAddIdType)) ?? 0;
    if (DOLBY_VISION_TYPES.has(type)) return dolbyVisionOf(fields.get(ElementId.blockAddIdExtraData));
  }
  return undefined;
}

const DOLBY_VISION_TYPES = new Set([0x64766343, 0x64767643]);

/**
 * §5.1.4.1.28.12 to 14: the size as shown, by default that of what is left of the pixels (§11.1). Units other than lengths and a
 * ratio say nothing of the shape of a pixel.
 */
function parseAspectRatio(video: Fields): PixelAspectRatio | undefined {
  const number = (id: number) => unsignedInteger(video.get(id)) ?? 0;
  if (!SHAPE_UNITS.has(number(ElementId.displayUnit))) return undefined;
  const width = number(ElementId.pixelWidth) - number(ElementId.pixelCropLeft) - number(ElementId.pixelCropRight);
  const height = number(ElementId.pixelHeight) - number(ElementId.pixelCropTop) - number(ElementId.pixelCropBottom);
  const displayWidth = number(ElementId.displayWidth) || width;
  const displayHeight = number(ElementId.displayHeight) || height;
  return aspectRatioOf(displayWidth * height, displayHeight * width);
}

/** §5.1.4.1.28.15: pixels, centimetres, inches, and a ratio. */
const SHAPE_UNITS = new Set([0, 1, 2, 3]);

import { assertInvariant } from "@riptide/core";
import { GLOBAL_ARGUMENTS, words } from "./arguments.ts";
import { DECODERS } from "./decoders.ts";

/** How a picture becomes small: numbers and names of ours only. */
export interface ThumbnailPlan {
  readonly widthPixels: 160 | 320;
  /** How far the picture is turned clockwise. */
  readonly rotationDegrees: 0 | 90 | 180 | 270;
  /** How wide a pixel is shown for its height, where the container says what its stream does not. Integers of 16 bits. */
  readonly pixelAspectRatio?: { readonly width: number; readonly height: number } | undefined;
}

/**
 * The command line for one picture: an envelope of Matroska with a keyframe on stdin, a JPEG on stdout. It is as wide as the plan
 * says, and at most twice as high, whatever the film claims of its pixels.
 */
export function thumbnailArguments(plan: ThumbnailPlan): string[] {
  const allowed = `-protocol_whitelist pipe -format_whitelist matroska -codec_whitelist ${DECODERS.join(",")}`;
  return [
    ...GLOBAL_ARGUMENTS,
    ...words(`${allowed} -max_streams 1 -probesize 32 -analyzeduration 0 -threads 1 -f matroska -i pipe:0`),
    ...words(`-map 0:v:0 -frames:v 1 -map_metadata -1 -vf ${filters(plan)} -pix_fmt yuvj420p -threads 1`),
    ...words(`-c:v mjpeg -q:v ${QUALITY} -f image2pipe pipe:1`),
  ];
}

/** Of 2 (best) to 31: a picture of 320 pixels takes ten kilobytes, and no blocks are seen. */
const QUALITY = 5;

function filters({ widthPixels, rotationDegrees, pixelAspectRatio }: ThumbnailPlan): string {
  const width = String(widthPixels);
  return [
    ...(pixelAspectRatio === undefined
      ? []
      : [`setsar=${side(pixelAspectRatio.width)}/${side(pixelAspectRatio.height)}`]),
    ...TURNS[rotationDegrees],
    `scale=w=${width}:h='clip(trunc(${width}/dar/2)*2,2,2*${width})'`,
    "setsar=1",
  ].join(",");
}

const TURNS: Readonly<Record<ThumbnailPlan["rotationDegrees"], readonly string[]>> = {
  0: [],
  90: ["transpose=clock"],
  180: ["hflip", "vflip"],
  270: ["transpose=cclock"],
};

function side(value: number): string {
  assertInvariant(Number.isInteger(value) && value > 0 && value < 65_536, `${value} is no side of a pixel`);
  return String(value);
}

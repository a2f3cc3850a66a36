import { FALLBACK_REORDER_DEPTH } from "../codecs/h264.ts";
import type { CodedTrack } from "../packet.ts";
import { pictureParameters } from "./picture-codecs.ts";

/** How the pictures of a track lie in time, the same for the whole film. */
export interface PictureTiming {
  /** How many pictures may precede a picture in decoding order and follow it in output order, at most. */
  readonly depth: number;
  /** How long a picture lasts where nobody says. */
  readonly nominalTicks: number;
  /** How much earlier a picture is decoded than the one in its place in output order is shown. */
  readonly delayTicks: number;
}

/** Read off the decoder configuration, the frame rate and the codec. */
export function pictureTimingOf(coded: CodedTrack): PictureTiming {
  const { track, timescale } = coded;
  const framesPerSecond = (track.kind === "video" && track.framesPerSecond) || ASSUMED_FRAMES_PER_SECOND;
  const nominalTicks = Math.max(1, Math.round(coded.packetTicks ?? timescale / framesPerSecond));
  const depth = reorderDepthOf(coded);
  // Where times are rounded to milliseconds, pictures may be one farther apart than their number says.
  const roundingTicks = Math.ceil(timescale / 1000);
  return { depth, nominalTicks, delayTicks: depth === 0 ? 0 : depth * nominalTicks + roundingTicks };
}

/** Slower than films are: too long a delay costs nothing, too short a one makes composition offsets negative. */
const ASSUMED_FRAMES_PER_SECOND = 20;

/** VP8, VP9 and AV1 put hidden frames into the packet of a shown one. */
function reorderDepthOf(coded: CodedTrack): number {
  const { codec } = coded.track;
  if (codec !== "h264" && codec !== "hevc") return 0;
  return pictureParameters(coded)?.reorderDepth ?? FALLBACK_REORDER_DEPTH;
}

import type { CodedTrack, Packet } from "../packet.ts";
import type { Block } from "./block.ts";
import { defaultDurationTicks } from "./coded-track.ts";
import { type FrameEncoding, withPrefix } from "./content-encoding.ts";
import type { MatroskaTrack } from "./tracks.ts";

/** What it takes to make packets of the blocks of a track. */
export interface WalkedTrack {
  readonly coded: CodedTrack;
  readonly encoding: FrameEncoding;
  /** Its ticks in one tick of the Segment, as a fraction in its lowest terms: products with it stay exact. */
  readonly ticksNumerator: number;
  readonly ticksDenominator: number;
  /** From one frame of a block to the next; undefined if only the block can tell. */
  readonly spacingTicks: number | undefined;
  /** Taken off the times of its blocks (RFC 9559 §5.1.4.1.25). */
  readonly delayTicks: number;
}

export function walkedTrackOf(
  coded: CodedTrack,
  source: MatroskaTrack,
  timestampScaleNanoseconds: number,
): WalkedTrack {
  const numerator = timestampScaleNanoseconds * coded.timescale;
  const divisor = greatestCommonDivisor(numerator, 1e9);
  // A rounded count of ticks would drift from frame to frame of a picture, and a frame of sound has a whole number.
  const isSound = coded.track.kind === "audio";
  const defaultTicks = defaultDurationTicks(source, coded.timescale);
  return {
    coded,
    encoding: source.encoding,
    ticksNumerator: numerator / divisor,
    ticksDenominator: 1e9 / divisor,
    delayTicks: (source.codecDelayNanoseconds * coded.timescale) / 1e9,
    spacingTicks: isSound ? (coded.packetTicks ?? defaultTicks) : defaultTicks,
  };
}

/**
 * The frames of a block as packets. Only the first frame of a lace has a time: the others follow at the distance that the
 * codec or the track tells, or in equal parts of the block's duration, or, where nothing is told, at the same time.
 */
export function packetsOfBlock(block: Block, track: WalkedTrack, clusterTicks: number): Packet[] {
  const { frames } = block;
  const startTicks = scaled(clusterTicks + block.relativeTicks, track) - track.delayTicks;
  const durationTicks =
    block.durationTicks === undefined ? undefined : scaled(block.durationTicks, track) / frames.length;
  const spacingTicks = track.spacingTicks ?? durationTicks ?? 0;
  const packets: Packet[] = [];
  for (const [index, frame] of frames.entries()) {
    const ptsTicks = wholeTicks(startTicks + index * spacingTicks);
    // A time that no clock can show is damage, and a frame without a byte is nothing.
    if (ptsTicks === undefined || frame.length === 0) continue;
    packets.push({
      trackNumber: block.trackNumber,
      ptsTicks,
      dtsTicks: undefined,
      durationTicks: wholeTicks(durationTicks),
      isKeyframe: block.isKeyframe || track.coded.track.kind !== "video",
      data: withPrefix(frame, track.encoding),
    });
  }
  return packets;
}

function scaled(segmentTicks: number, track: WalkedTrack): number {
  return (segmentTicks * track.ticksNumerator) / track.ticksDenominator;
}

function wholeTicks(ticks: number | undefined): number | undefined {
  // Adding zero makes a plain zero of a negative one.
  const rounded = Math.round(ticks ?? Number.NaN) + 0;
  return Number.isSafeInteger(rounded) ? rounded : undefined;
}

function greatestCommonDivisor(left: number, right: number): number {
  let [larger, smaller] = [left, right];
  while (smaller > 0) [larger, smaller] = [smaller, larger % smaller];
  return larger;
}

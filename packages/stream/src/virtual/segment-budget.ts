import { gridTicksOf, type MuxTrack, packetDurationTicks } from "@riptide/media";

export interface BudgetedSegment {
  /** How many bytes of the file it is made of, those of all tracks and of what lies between them. */
  readonly sourceBytes: number;
  /** How long it plays, by the index of the film. */
  readonly durationSeconds: number;
}

/**
 * What a picture costs beyond its bytes in the file: duration, size, flags and offset in a `trun` (ISO/IEC 14496-12 §8.8.8),
 * less the header of its block (RFC 9559 §10), which takes 6 bytes at least.
 */
const PICTURE_COST_BYTES = 16 - 6;
/** A sound costs duration and size, and may lie in a block with others that has one header for all. */
const SOUND_COST_BYTES = 8;
/** `traf` with `tfhd`, `tfdt` and `trun` without samples: 8 + 28 + 20 + 24 bytes. */
const TRACK_BYTES = 80;
/** `moof` with `mfhd`, and the header of `mdat`: 8 + 16 + 8 bytes, and 8 to spare. */
const FRAGMENT_BYTES = 40;
/** Pictures may come faster at times than the track says, and in films that it says nothing of. */
const RATE_MARGIN = 1.5;
const SLOWEST_PICTURES_PER_SECOND = 60;
/** Frames of Opus, FLAC and E-AC-3 may be of other lengths than the first one. */
const SOUND_RATE_MARGIN = 2;
/** Frames of 10 ms: for sounds that do not say how long theirs are. */
const UNKNOWN_SOUNDS_PER_SECOND = 100;
/** More is a mistake of the header; what comes faster indeed is paid for by `SOURCE_SHARE`. */
const FASTEST_PER_SECOND = 1000;
/** What lies in the bytes of a segment may be played this much earlier or later: films interleave by less. */
const INTERLEAVING_SECONDS = 2;
/** Costs nothing that one notices, and pays for 60 pictures or 80 laced sounds a second more in a film of 1 Mb/s. */
const SOURCE_SHARE = 1 / 200;

/**
 * How many bytes are set aside for a segment of a film as one fragment of MP4: no less than a `free` box takes. What does not need it is padding; what needs more cannot be sent, for the length of the file is promised before. A function
 * of its arguments alone, which the entity tag relies on: whoever changes it changes `LAYOUT_VERSION`.
 *
 * The payload is a part of the bytes of the segment. How many frames it is in is estimated from the duration; each takes at
 * least a byte.
 */
export function segmentBudgetBytes(segment: BudgetedSegment, tracks: readonly MuxTrack[]): number {
  const { sourceBytes, durationSeconds } = segment;
  const costs = tracks.map((track) => {
    const frameBytes = frameCostBytes(track);
    return { frameBytes, allBytes: Math.ceil((durationSeconds + INTERLEAVING_SECONDS) * rateOf(track)) * frameBytes };
  });
  const estimatedBytes = costs.reduce((sum, { allBytes }) => sum + allBytes, Math.ceil(sourceBytes * SOURCE_SHARE));
  const dearestBytes = Math.max(...costs.map(({ frameBytes }) => frameBytes));
  const framesBytes = Math.min(estimatedBytes, sourceBytes * dearestBytes);
  return sourceBytes + framesBytes + TRACK_BYTES * tracks.length + FRAGMENT_BYTES;
}

function frameCostBytes({ coded }: MuxTrack): number {
  return (coded.track.kind === "video" ? PICTURE_COST_BYTES : SOUND_COST_BYTES) + (coded.growthBytes ?? 0);
}

/** Frames a second, at most. */
function rateOf(track: MuxTrack): number {
  const { track: media } = track.coded;
  const perSecond =
    media.kind === "video"
      ? Math.max(SLOWEST_PICTURES_PER_SECOND, RATE_MARGIN * (media.framesPerSecond ?? 0))
      : soundRateOf(track);
  return perSecond <= FASTEST_PER_SECOND ? perSecond : FASTEST_PER_SECOND;
}

/** Where all frames are alike, the track says how long they are. */
function soundRateOf({ coded, firstPacket }: MuxTrack): number {
  if (coded.packetTicks !== undefined) return coded.timescale / coded.packetTicks;
  const firstTicks = firstPacket === undefined ? gridTicksOf(coded) : packetDurationTicks(coded, firstPacket);
  return firstTicks === undefined ? UNKNOWN_SOUNDS_PER_SECOND : (SOUND_RATE_MARGIN * coded.timescale) / firstTicks;
}

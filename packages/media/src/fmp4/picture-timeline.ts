import type { Packet } from "../packet.ts";
import type { PictureTiming } from "./picture-timing.ts";
import { boundedTicks, type TimedSample } from "./timed-sample.ts";

/**
 * Gives pictures the decoding times that Matroska does not store. Decoded as the i-th since its keyframe, a picture gets the
 * i-th smallest presentation time since that keyframe, less a delay that is the same for the whole film. It looks `depth`
 * pictures ahead and no further, and nothing before the keyframe matters: a stretch of a film gets the same times however it
 * is entered.
 *
 * Composition offsets are then at least 0, also where pictures come slower than their track says: libavformat, and so the
 * `<video>` of Chromium, shows all pictures of a track later by the most negative of its offsets. If more pictures are reordered
 * than the stream admits, they go below, and decoding times still increase.
 *
 * Packets that bring a decoding time (MP4) keep it, and their distance from their presentation time; only those before 0, at
 * the start of a film, move up to 0, 1, 2 …
 */
export class PictureTimeline {
  readonly #timing: PictureTiming;
  /** Pushed, in decoding order. */
  #waiting: Packet[] = [];
  #waitingBytes = 0;
  /** Presentation times since the keyframe that no picture has got as its place yet, ascending. */
  #places: number[] = [];
  /** Placed; how long it lasts is known when the next one is. */
  #held: UntimedSample | undefined;
  #heldToldTicks: number | undefined;
  #previousPlaceTicks: number | undefined;
  /** The last places since the keyframe that pictures have got, at most `depth`. */
  #gotPlaces: number[] = [];
  /** How far apart the last two pictures since the keyframe are, in output order. */
  #distanceTicks = Number.POSITIVE_INFINITY;
  #previousTicks: number | undefined;

  constructor(timing: PictureTiming) {
    this.#timing = timing;
  }

  /** Bytes of the pictures whose times are not known yet: at most `depth` + 1 pictures. */
  get waitingBytes(): number {
    return this.#waitingBytes + (this.#held?.data.length ?? 0);
  }

  /** Takes the next picture in decoding order; returns those whose times have become known, in decoding order. */
  push(packet: Packet): TimedSample[] {
    const samples = packet.isKeyframe ? this.#endGroup() : [];
    this.#waiting.push(packet);
    this.#waitingBytes += packet.data.length;
    insertSorted(this.#places, boundedTicks(packet.ptsTicks));
    return samples.concat(this.#placeAllBut(packet.dtsTicks === undefined ? this.#timing.depth : 0));
  }

  /** No picture follows: returns those that are left. */
  finish(): TimedSample[] {
    const samples = this.#placeAllBut(0);
    const last = this.#held;
    if (last === undefined) return samples;
    this.#held = undefined;
    // Too long, and a player that already has the next stretch throws its first pictures away.
    const durationTicks = this.#heldToldTicks ?? Math.min(this.#timing.nominalTicks, this.#distanceTicks);
    last.durationTicks = Math.max(1, boundedTicks(durationTicks));
    samples.push(last);
    return samples;
  }

  #endGroup(): TimedSample[] {
    const samples = this.#placeAllBut(0);
    this.#previousPlaceTicks = undefined;
    this.#gotPlaces = [];
    this.#distanceTicks = Number.POSITIVE_INFINITY;
    return samples;
  }

  #placeAllBut(count: number): TimedSample[] {
    const samples: TimedSample[] = [];
    while (this.#waiting.length > count) {
      const packet = this.#waiting.shift()!;
      this.#waitingBytes -= packet.data.length;
      const placeTicks = this.#places.shift()!;
      this.#distanceTicks = placeTicks - (this.#previousPlaceTicks ?? Number.NEGATIVE_INFINITY);
      this.#previousPlaceTicks = placeTicks;
      const before = this.#place(packet, packet.dtsTicks ?? this.#delayed(placeTicks));
      if (before !== undefined) samples.push(before);
    }
    return samples;
  }

  /**
   * Earlier by the delay. Close to the start of the film that would be before 0, which hls.js and others do not read: there
   * time passes slowly instead, as a function of the place alone.
   */
  #delayed(placeTicks: number): number {
    const { depth, delayTicks } = this.#timing;
    const slowTicks = Math.floor(placeTicks / START_SLOWNESS);
    const delayedTicks = placeTicks - delayTicks;
    this.#gotPlaces.push(placeTicks);
    // No more than `depth` pictures are decoded before this one and shown after it: it is shown no earlier than this.
    const [firstTicks = placeTicks] = this.#gotPlaces;
    if (this.#gotPlaces.length > depth) {
      this.#gotPlaces.shift();
      return Math.min(Math.max(delayedTicks, slowTicks), firstTicks);
    }
    return Math.max(Math.min(delayedTicks, firstTicks - depth + this.#gotPlaces.length - 1), slowTicks);
  }

  /** Returns the picture before, which ends here. */
  #place(packet: Packet, wantedTicks: number): TimedSample | undefined {
    const dtsTicks = Math.max(0, boundedTicks(wantedTicks), (this.#previousTicks ?? -1) + 1);
    const before = this.#held;
    this.#held = {
      dtsTicks,
      ptsTicks: boundedTicks(packet.ptsTicks),
      durationTicks: 1,
      isKeyframe: packet.isKeyframe,
      data: packet.data,
    };
    this.#heldToldTicks = packet.durationTicks;
    this.#previousTicks = dtsTicks;
    if (before !== undefined) before.durationTicks = dtsTicks - before.dtsTicks;
    return before;
  }
}

/** A sample whose duration is set when it is known. */
type UntimedSample = Omit<TimedSample, "durationTicks"> & { durationTicks: number };

/**
 * All `depth` first pictures must be decoded before the second is shown: 16 of them take a quarter of a picture then. At 90 000
 * ticks a second, pictures up to 1400 a second still get times of their own.
 */
const START_SLOWNESS = 64;

function insertSorted(times: number[], time: number): void {
  let index = times.length;
  while (index > 0 && times[index - 1]! > time) index -= 1;
  times.splice(index, 0, time);
}

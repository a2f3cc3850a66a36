import type { CodedTrack, Packet } from "../packet.ts";
import type { MuxTrack } from "./mux-track.ts";
import { gridTicksOf, packetDurationTicks } from "./packet-duration.ts";
import { withTrueFlag } from "./picture-entry.ts";
import { PictureTimeline } from "./picture-timeline.ts";
import { pictureTimingOf } from "./picture-timing.ts";
import { SoundTimeline } from "./sound-timeline.ts";
import type { TimedSample } from "./timed-sample.ts";

/** What a sample costs beside its data: small ones count too. */
const SAMPLE_OVERHEAD_BYTES = 100;

/** Gives the packets of one track their times. */
interface Timer {
  readonly waitingBytes: number;
  push(packet: Packet): TimedSample[];
  finish(): TimedSample[];
}

/** One track on its way into fragments: samples whose times are known wait here. */
export class Lane {
  readonly trackId: number;
  readonly isPicture: boolean;
  readonly #coded: CodedTrack;
  readonly #timer: Timer;
  readonly #timescale: number;
  readonly #delayTicks: number;
  #ready: TimedSample[] = [];
  #readyBytes = 0;
  #reachedSeconds = Number.NEGATIVE_INFINITY;
  /** How much of `#ready` has been looked at for the end of the next run, and how long that is. */
  #runSamples = 0;
  #runTicks = 0;

  constructor(track: MuxTrack, originTicks: number | undefined) {
    this.trackId = track.id;
    this.#coded = track.coded;
    this.isPicture = track.coded.track.kind === "video";
    this.#timescale = Math.max(1, track.coded.timescale);
    const timing = this.isPicture ? pictureTimingOf(track.coded) : undefined;
    this.#delayTicks = timing?.delayTicks ?? 0;
    this.#timer = timing === undefined ? new SoundTimer(track, originTicks) : new PictureTimeline(timing);
  }

  push(packet: Packet): void {
    this.#add(this.#timer.push(withTrueFlag(this.#coded, packet)));
  }

  finish(): void {
    this.#add(this.#timer.finish());
  }

  get pendingBytes(): number {
    return this.#readyBytes + this.#timer.waitingBytes;
  }

  get hasReady(): boolean {
    return this.#ready.length > 0;
  }

  /** When the first sample that waits is shown, about; Infinity if none does. */
  get startSeconds(): number {
    const first = this.#ready[0];
    return first === undefined ? Number.POSITIVE_INFINITY : this.#shownSeconds(first.dtsTicks);
  }

  /** Up to when all samples have become ready, as they are shown. */
  get reachedSeconds(): number {
    return this.#reachedSeconds;
  }

  /** When the next run ends: at `lengthSeconds`, or before a keyframe if it is to be cut there; undefined if it is not complete. */
  runEndSeconds(lengthSeconds: number, cutsAtKeyframes: boolean): number | undefined {
    for (; this.#runSamples < this.#ready.length; this.#runSamples += 1) {
      const sample = this.#ready[this.#runSamples]!;
      const isCut = this.#runSamples > 0 && cutsAtKeyframes && this.isPicture && sample.isKeyframe;
      const isComplete = this.#runSamples > 0 && this.#runTicks >= lengthSeconds * this.#timescale;
      if (isCut || isComplete) return this.#shownSeconds(sample.dtsTicks);
      this.#runTicks += sample.durationTicks;
    }
    return undefined;
  }

  /** Takes the samples that are decoded before those which are shown at `endSeconds`. */
  takeUntil(endSeconds: number): TimedSample[] {
    let count = 0;
    while (count < this.#ready.length && this.#shownSeconds(this.#ready[count]!.dtsTicks) < endSeconds) count += 1;
    const taken = this.#ready.splice(0, count);
    for (const { data } of taken) this.#readyBytes -= data.length + SAMPLE_OVERHEAD_BYTES;
    this.#runSamples = 0;
    this.#runTicks = 0;
    return taken;
  }

  #add(samples: readonly TimedSample[]): void {
    for (const sample of samples) {
      this.#ready.push(sample);
      this.#readyBytes += sample.data.length + SAMPLE_OVERHEAD_BYTES;
      this.#reachedSeconds = this.#shownSeconds(sample.dtsTicks + sample.durationTicks);
    }
  }

  /** Decoding times of pictures are earlier by the delay than what is shown meanwhile. */
  #shownSeconds(dtsTicks: number): number {
    return (dtsTicks + this.#delayTicks) / this.#timescale;
  }
}

/** A frame of sound is ready at once: its times do not depend on those behind it. */
class SoundTimer implements Timer {
  readonly waitingBytes = 0;
  readonly #track: MuxTrack;
  readonly #timeline: SoundTimeline;

  constructor(track: MuxTrack, originTicks: number | undefined) {
    const { coded } = track;
    this.#track = track;
    this.#timeline = new SoundTimeline({ timescale: coded.timescale, gridTicks: gridTicksOf(coded), originTicks });
  }

  push(packet: Packet): TimedSample[] {
    const { coded } = this.#track;
    const toldTicks =
      packetDurationTicks(coded, packet.data) ?? packet.durationTicks ?? coded.timescale * ASSUMED_SECONDS;
    const durationTicks = Math.max(1, Math.round(toldTicks));
    const timeTicks =
      packet.dtsTicks === undefined
        ? this.#timeline.place(packet.ptsTicks, durationTicks)
        : this.#timeline.keep(packet.dtsTicks, durationTicks);
    return [{ dtsTicks: timeTicks, ptsTicks: timeTicks, durationTicks, isKeyframe: true, data: packet.data }];
  }

  finish(): TimedSample[] {
    return [];
  }
}

/** A frame of sound whose length nobody tells. */
const ASSUMED_SECONDS = 0.02;

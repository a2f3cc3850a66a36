import type { Clock } from "@riptide/core";
import type { EncoderProfile } from "./segment-encoder-arguments.ts";
import type { SegmentEncoder } from "./segment-encoder-process.ts";

/** One for the track that is heard, one for another client's. Each has 9 MB of its own, and libraries that all share. */
const SPARES_MAX = 2;
/** A player asks for a segment every few seconds; one whose buffer is full, by this time at the latest. */
const SPARE_LIFE_MS = 60_000;

export interface SpareEncodersOptions {
  readonly start: (profile: EncoderProfile) => Promise<SegmentEncoder>;
  readonly clock: Clock;
}

/** A place for a spare: the timer that fills it, or the one that clears it. */
interface Slot {
  encoder: SegmentEncoder | undefined;
  timer: Disposable;
}

/** Processes that wait for the next segment of their profile: at most one for each, and not for ever. */
export class SpareEncoders implements Disposable {
  readonly #start: (profile: EncoderProfile) => Promise<SegmentEncoder>;
  readonly #clock: Clock;
  /** By profile, the one that was wanted last at the end. */
  readonly #slots = new Map<string, Slot>();
  #isDisposed = false;

  constructor({ start, clock }: SpareEncodersOptions) {
    this.#start = start;
    this.#clock = clock;
  }

  /** Processes that wait. */
  get count(): number {
    return [...this.#slots.values()].filter(({ encoder }) => encoder !== undefined).length;
  }

  /** The spare of a profile, which is its taker's from now on. */
  take(profile: EncoderProfile): SegmentEncoder | undefined {
    const key = keyOf(profile);
    const encoder = this.#slots.get(key)?.encoder;
    if (encoder !== undefined) this.#clear(key, "keep");
    return encoder;
  }

  /** Has a spare wait for a segment of this profile from `delayMs` on, or wait longer if it is there already. */
  prepare(profile: EncoderProfile, delayMs: number): void {
    if (this.#isDisposed) return;
    const key = keyOf(profile);
    const slot = this.#slots.get(key);
    if (slot?.encoder !== undefined) {
      this.#clear(key, "keep");
      this.#keep(key, slot.encoder);
    } else {
      // One that is on its way is as good as a new one.
      this.#slots.delete(key);
      this.#slots.set(key, slot ?? { encoder: undefined, timer: this.#fillLater(key, profile, delayMs) });
    }
    const [oldest = key] = this.#slots.keys();
    if (this.#slots.size > SPARES_MAX) this.#clear(oldest, "stop");
  }

  /** Kills those that wait. No more are started. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    for (const key of this.#slots.keys()) this.#clear(key, "stop");
  }

  #fillLater(key: string, profile: EncoderProfile, delayMs: number): Disposable {
    return this.#clock.setTimer(delayMs, () => void this.#fill(key, profile));
  }

  /** That it cannot be started is told when it is needed. */
  async #fill(key: string, profile: EncoderProfile): Promise<void> {
    const slot = this.#slots.get(key);
    const encoder = await this.#start(profile).catch(() => undefined);
    // Meanwhile two others may have been wanted more.
    const isWanted = slot !== undefined && this.#slots.get(key) === slot;
    if (encoder === undefined && isWanted) this.#clear(key, "stop");
    else if (encoder !== undefined && isWanted) this.#keep(key, encoder);
    else encoder?.stop(NOT_NEEDED);
  }

  #keep(key: string, encoder: SegmentEncoder): void {
    const timer = this.#clock.setTimer(SPARE_LIFE_MS, () => this.#clear(key, "stop"));
    const slot = { encoder, timer };
    this.#slots.set(key, slot);
    void encoder.exited.then(() => {
      if (this.#slots.get(key) === slot) this.#clear(key, "stop");
    });
  }

  #clear(key: string, fate: "keep" | "stop"): void {
    const slot = this.#slots.get(key);
    this.#slots.delete(key);
    slot?.timer[Symbol.dispose]();
    if (fate === "stop") slot?.encoder?.stop(NOT_NEEDED);
  }
}

const NOT_NEEDED = new DOMException("No segment came.", "AbortError");

function keyOf({ codec, sourceRateHz, rateHz }: EncoderProfile): string {
  return `${codec} ${sourceRateHz} ${rateHz}`;
}

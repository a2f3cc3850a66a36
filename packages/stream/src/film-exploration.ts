import { abortable, type Clock, type PieceProvider, type StreamContext } from "@riptide/core";
import { type Demuxer, FOUND_SEGMENT_LIMIT_SECONDS, type Segment, SegmentFinder } from "@riptide/media";
import type { FilmCutter, FilmSegments, NeededSegments } from "./film-segments.ts";
import { walkFilm } from "./film-walk.ts";

/** A demuxer that tells where its film may be cut while it reads it. */
export type WalkingDemuxer = Demuxer & Required<Pick<Demuxer, "walkPlaces">>;

export function isWalking(demuxer: Demuxer): demuxer is WalkingDemuxer {
  return demuxer.walkPlaces !== undefined;
}

/**
 * The target duration of playlists that grow: never less than a segment. Converted sound is cut eight units of AAC and a rounded one
 * before its picture: where the last segment is a longest one, its sound lasts 1.2 s longer at 8 kHz.
 */
export const EXPLORED_TARGET_SECONDS = FOUND_SEGMENT_LIMIT_SECONDS + 2;
/**
 * How far the film is explored beyond what somebody plays. A player that has loaded a playlist does so again after the target
 * duration at the latest (RFC 8216 §6.3.4): until then it must not run out of segments. More would be fetched for its own sake.
 */
const AHEAD_SECONDS = EXPLORED_TARGET_SECONDS;
/** How long news are waited for: a player that hears none comes again after half the target duration (§6.3.4). */
const NEWS_WAIT_MS = (EXPLORED_TARGET_SECONDS / 2) * 1000;
/** How long to go on reading what is there before telling what is known: a film of a gigabyte is told as a whole. */
const PRESENT_WAIT_MS = 500;
/** Players that are still there ask again within the target duration. */
const IDLE_MS = (EXPLORED_TARGET_SECONDS + 1) * 1000;

/** Somebody who waits until enough is known. */
interface Listener {
  readonly isContent: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Run {
  readonly controller: AbortController;
  /** Whether nothing more is known before a byte comes that is not there. */
  isStuck: boolean;
  idle: Disposable | undefined;
}

/**
 * Finds out where a film without a key index is cut, once for all who play it, by reading it from its start: as far as its bytes are
 * there, and beyond that a bounded time ahead of what is played. It ends when nobody asks any more, and goes on where it ended
 * when somebody does. Only where segments lie is kept, no media.
 */
export class FilmExploration implements FilmCutter {
  readonly isExplored = true;
  readonly #demuxer: WalkingDemuxer;
  /** What lies in front of it is no media. */
  readonly #startBytes: number;
  readonly #segments: Segment[] = [];
  readonly #listeners = new Set<Listener>();
  /** The last of the segments that anybody has asked for; -1 before. */
  #playedNumber = -1;
  #run: Run | undefined;

  constructor(demuxer: WalkingDemuxer) {
    this.#demuxer = demuxer;
    this.#startBytes = demuxer.headEndBytes ?? 0;
  }

  /** What is known as soon as it is what is needed, or as much of that as there is. Rejects as `FilmCutter.segments` does. */
  async segments(needed: NeededSegments, context: StreamContext): Promise<FilmSegments> {
    this.#explore(context);
    await this.#until(this.#isContentWith(needed, context), context);
    if (typeof needed === "number" && needed < this.#segments.length) {
      this.#playedNumber = Math.max(this.#playedNumber, needed);
      this.#explore(context);
    }
    return this.#known();
  }

  #known(): FilmSegments {
    const [first, ...others] = this.#segments;
    const start = { timeSeconds: 0, offsetBytes: this.#startBytes };
    return {
      plan: [first!, ...others],
      index: [start, ...others.map(({ stretch }) => stretch.from!)],
      isComplete: this.#isComplete,
      isExplored: true,
    };
  }

  get #isComplete(): boolean {
    const last = this.#segments.at(-1);
    return last !== undefined && last.stretch.to === undefined;
  }

  get #isStuck(): boolean {
    return this.#run?.isStuck ?? true;
  }

  /** Whether all that is not there yet may stay so. */
  get #isEnough(): boolean {
    const last = this.#segments.at(-1);
    const playedSeconds = this.#segments[this.#playedNumber]?.endSeconds;
    if (last === undefined || playedSeconds === undefined) return last !== undefined;
    return last.endSeconds >= playedSeconds + AHEAD_SECONDS;
  }

  #isContentWith(needed: NeededSegments, { clock }: StreamContext): () => boolean {
    const count = this.#segments.length;
    const startMs = clock.nowMs();
    const isOlderThan = (ageMs: number): boolean => clock.nowMs() - startMs >= ageMs;
    return () => {
      if (this.#segments.length === 0 || this.#isComplete || needed === "some") return this.#segments.length > 0;
      if (typeof needed === "number") return needed < this.#segments.length || this.#isStuck;
      if (isOlderThan(NEWS_WAIT_MS)) return true;
      const isNew = this.#segments.length > count || this.#playedNumber < count - 1;
      return isNew && (this.#isStuck || isOlderThan(PRESENT_WAIT_MS));
    };
  }

  async #until(isContent: () => boolean, { clock, signal }: StreamContext): Promise<void> {
    let listener: Listener | undefined;
    const told = new Promise<void>((resolve, reject) => {
      listener = { isContent, resolve, reject };
      this.#listeners.add(listener);
    });
    const timers = [PRESENT_WAIT_MS, NEWS_WAIT_MS].map((delayMs) => clock.setTimer(delayMs, () => this.#tell()));
    this.#tell();
    try {
      await abortable(told, signal);
    } finally {
      for (const timer of timers) timer[Symbol.dispose]();
      this.#listeners.delete(listener!);
      if (signal.aborted && this.#listeners.size === 0) this.#stop();
      else this.#expectVisit(clock);
    }
  }

  #tell(): void {
    for (const { isContent, resolve } of this.#listeners) if (isContent()) resolve();
  }

  /** Somebody is there: goes on exploring, if there is something to explore. */
  #explore({ clock, provider }: StreamContext): void {
    if (this.#run === undefined && !this.#isComplete) {
      const run: Run = { controller: new AbortController(), isStuck: false, idle: undefined };
      this.#run = run;
      void this.#finish(run, this.#walkOn(run, provider));
    }
    this.#expectVisit(clock);
  }

  /** Ends the run if nobody comes again. Who waits meanwhile is there: his end is waited for. */
  #expectVisit(clock: Clock): void {
    const run = this.#run;
    if (run === undefined) return;
    run.idle?.[Symbol.dispose]();
    run.idle = clock.setTimer(IDLE_MS, () => {
      if (this.#listeners.size === 0) this.#stop();
    });
  }

  #stop(): void {
    const run = this.#run;
    this.#run = undefined;
    run?.controller.abort(new DOMException("Nobody plays this film any more.", "AbortError"));
  }

  /** Takes care of the end of a run, however it ends. */
  async #finish(run: Run, walk: Promise<void>): Promise<void> {
    const failure = await walk.then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    run.idle?.[Symbol.dispose]();
    if (this.#run !== run) return;
    this.#run = undefined;
    if (failure === undefined) return this.#tell();
    for (const { reject } of this.#listeners) reject(failure.error);
  }

  /** Until enough is known, and all that the bytes at hand tell. */
  async #walkOn(run: Run, provider: PieceProvider): Promise<void> {
    for (let isCut = false; !this.#isComplete && !(isCut && this.#isEnough); ) {
      isCut = await this.#walk(run, provider);
    }
  }

  /** Reads on from the last cut, until enough is known or, if it is, as far as the bytes are there: true if it broke off there. */
  async #walk(run: Run, provider: PieceProvider): Promise<boolean> {
    const { signal } = run.controller;
    const last = this.#segments.at(-1);
    const finder = new SegmentFinder(last);
    const isAvailableOnly = this.#isEnough;
    const places = walkFilm(this.#demuxer, last?.stretch.to, provider, {
      signal,
      bytesPerSecond: () => last && this.#bytesPerSecond(last),
      urgency: last === undefined ? "now" : "soon",
      isAvailableOnly,
      onStuck: (isStuck) => {
        run.isStuck = isStuck;
        if (isStuck) this.#tell();
      },
    });
    for await (const place of places) {
      // Another run may have begun.
      signal.throwIfAborted();
      this.#segments.push(...finder.push(place));
      if (!isAvailableOnly && this.#isEnough) return false;
    }
    return isAvailableOnly;
  }

  #bytesPerSecond({ endSeconds, stretch }: Segment): number | undefined {
    return stretch.to && (stretch.to.offsetBytes - this.#startBytes) / endSeconds;
  }
}

import type { WalkedPlace } from "./demuxer.ts";
import type { KeyIndexEntry } from "./key-index.ts";
import type { Segment } from "./segment-plan.ts";

/**
 * No found segment lasts longer, wherever something may be cut: what a growing playlist must promise before it knows the film
 * (RFC 8216 §6.2.1). The groups of pictures that encoders make by themselves fit in: 250 pictures (x264, x265) at 24 a second
 * are 10.4 s.
 */
export const FOUND_SEGMENT_LIMIT_SECONDS = 12;
/** As in `planSegments`: a segment costs a request. */
const SHORTEST_SEGMENT_SECONDS = 1;
/** Of a film with a keyframe each second nearly three hours; what follows is cut less finely, to keep its playlist short. */
const SHORT_SEGMENTS_LIMIT = 10_000;
const SHORTEST_LATER_SECONDS = 6;
/** Nineteen hours at the least. What lies behind is all one segment. */
const SEGMENTS_LIMIT = 20_000;

/**
 * Cuts a film into segments while it is read, where `planSegments` has no index to cut it by: at keyframes that are far enough
 * from the cut before. Where none comes within `FOUND_SEGMENT_LIMIT_SECONDS`, it cuts at the last place at which a picture can
 * go on without a seam: who enters there sees nothing before the next keyframe, but who comes from before sees all. A film that
 * has neither within that time gets a segment that is longer.
 *
 * Where it cuts depends on the places since the last cut alone. A segment is told once it is known where it ends, and is then
 * never changed, so that the last one may be short.
 */
export class SegmentFinder {
  #number: number;
  #from: KeyIndexEntry | undefined;
  #startSeconds: number;
  /** The last place that is not too far and can be cut if need be. */
  #spare: KeyIndexEntry | undefined;

  /** @param last the segment behind which to go on; undefined: at the start of the film */
  constructor(last?: Segment) {
    this.#number = last === undefined ? 0 : last.number + 1;
    this.#from = last?.stretch.to;
    this.#startSeconds = last?.endSeconds ?? 0;
  }

  /** Takes the next place of the walk from the last cut on; returns the segments whose ends have become known. */
  push({ kind, timeSeconds, offsetBytes }: WalkedPlace): Segment[] {
    const found: Segment[] = [];
    const isTooFar = (): boolean => timeSeconds - this.#startSeconds > FOUND_SEGMENT_LIMIT_SECONDS;
    if (isTooFar() && this.#spare !== undefined) found.push(this.#cut(this.#spare));
    const place = { timeSeconds, offsetBytes };
    if (kind === "end") found.push(this.#segment(undefined, Math.max(timeSeconds, this.#startSeconds + TICK_SECONDS)));
    else if (kind !== "passed" && this.#isFarEnough(timeSeconds)) {
      if (kind === "keyframe" || isTooFar()) found.push(this.#cut(place));
      else this.#spare = place;
    }
    return found;
  }

  #isFarEnough(timeSeconds: number): boolean {
    const shortestSeconds = this.#number < SHORT_SEGMENTS_LIMIT ? SHORTEST_SEGMENT_SECONDS : SHORTEST_LATER_SECONDS;
    return this.#number < SEGMENTS_LIMIT - 1 && timeSeconds - this.#startSeconds >= shortestSeconds;
  }

  #cut(to: KeyIndexEntry): Segment {
    const segment = this.#segment(to, to.timeSeconds);
    this.#number += 1;
    this.#from = to;
    this.#startSeconds = to.timeSeconds;
    this.#spare = undefined;
    return segment;
  }

  #segment(to: KeyIndexEntry | undefined, endSeconds: number): Segment {
    return {
      number: this.#number,
      startSeconds: this.#startSeconds,
      endSeconds,
      stretch: { from: this.#from, to },
    };
  }
}

/** A segment lasts for some time, whatever the film says. */
const TICK_SECONDS = 0.001;

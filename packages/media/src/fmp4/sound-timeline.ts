import { boundedTicks } from "./timed-sample.ts";

/**
 * Puts frames of sound back to where they were before a container rounded their times to milliseconds: players splice or drop
 * sound where frames overlap.
 *
 * Frames begin on a grid, at the origin of the track and every so many ticks from there. A frame whose time is near a place of
 * the grid goes there, whatever came before it: so a stretch of a film gets the same times however it is entered. A frame that
 * is far from all of them (after a gap, or where the sound drifts) keeps its time, and those behind it follow it as long as
 * they nearly do; that depends on the frames since the beginning of this timeline.
 */
export class SoundTimeline {
  readonly #gridTicks: number | undefined;
  readonly #gridToleranceTicks: number;
  readonly #chainToleranceTicks: number;
  #originTicks: number | undefined;
  #previous: { readonly ptsTicks: number; readonly endTicks: number; readonly timeTicks: number } | undefined;

  /**
   * `gridTicks` may be a fraction; undefined: frames only follow each other. `originTicks` is the time of the first frame of
   * the track in the whole film; undefined: that of the first frame here.
   */
  constructor(options: {
    readonly timescale: number;
    readonly gridTicks: number | undefined;
    readonly originTicks: number | undefined;
  }) {
    this.#gridTicks = options.gridTicks;
    this.#originTicks = options.originTicks;
    this.#gridToleranceTicks = options.timescale * GRID_TOLERANCE_SECONDS + 0.5;
    this.#chainToleranceTicks = options.timescale * CHAIN_TOLERANCE_SECONDS;
  }

  /**
   * When the next frame begins, in whole ticks: at least 0, and later than the frame before it. Frames that their container
   * gave one time (laced without a duration) follow each other.
   */
  place(ptsTicks: number, durationTicks: number): number {
    this.#originTicks ??= ptsTicks;
    return this.#begin(ptsTicks, this.#wantedTicks(ptsTicks), durationTicks);
  }

  /** The same for a frame whose time is exact: it is kept. */
  keep(timeTicks: number, durationTicks: number): number {
    return this.#begin(timeTicks, timeTicks, durationTicks);
  }

  #begin(ptsTicks: number, wantedTicks: number, durationTicks: number): number {
    const timeTicks = Math.max(0, boundedTicks(wantedTicks), (this.#previous?.timeTicks ?? -1) + 1);
    this.#previous = { ptsTicks, endTicks: wantedTicks + durationTicks, timeTicks };
    return timeTicks;
  }

  #wantedTicks(ptsTicks: number): number {
    const previous = this.#previous;
    if (previous !== undefined && ptsTicks <= previous.ptsTicks) return previous.endTicks;
    const onGridTicks = this.#nearestOnGrid(ptsTicks);
    if (Math.abs(ptsTicks - onGridTicks) <= this.#gridToleranceTicks) return onGridTicks;
    const isNext = previous !== undefined && Math.abs(ptsTicks - previous.endTicks) <= this.#chainToleranceTicks;
    return isNext ? previous.endTicks : ptsTicks;
  }

  #nearestOnGrid(ptsTicks: number): number {
    const [grid, origin] = [this.#gridTicks, this.#originTicks];
    if (grid === undefined || grid <= 0 || origin === undefined) return Number.NaN;
    return origin + Math.round((ptsTicks - origin) / grid) * grid;
  }
}

/** Origin and frame are each rounded by up to half a millisecond. */
const GRID_TOLERANCE_SECONDS = 0.0011;

/** A tenth of the shortest gap that one hears, and many times what rounding does. */
const CHAIN_TOLERANCE_SECONDS = 0.004;

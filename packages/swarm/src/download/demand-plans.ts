import type { Demand } from "@riptide/core";
import type { TorrentGeometry } from "../types.ts";
import type { Deadlines } from "./deadline-order.ts";
import { type PlannedDemand, planDeadlines, ReadingPlaces } from "./readers.ts";

/** Readahead is due a second after it was planned: by then it is planned anew, or it would be taken for what somebody waits for. */
const RENEW_AFTER_MS = 900;

/** One demand, and when its deadlines were last worked out. */
interface Plan {
  readonly demand: PlannedDemand;
  plannedMs: number;
}

/**
 * What readers demand, as deadlines. A reader that goes on replaces its demand with every chunk. One that waits, or whose viewer has
 * paused, does not: its window is planned anew from time to time, or it would fall due and come before what others have just asked for.
 */
export class DemandPlans {
  readonly #geometry: TorrentGeometry;
  readonly #isVerified: (piece: number) => boolean;
  readonly #places = new ReadingPlaces();
  readonly #plans = new Map<number, Plan>();

  constructor(geometry: TorrentGeometry, isVerified: (piece: number) => boolean) {
    this.#geometry = geometry;
    this.#isVerified = isVerified;
  }

  /** The deadlines of a demand that is declared now; null if it is withdrawn. */
  set(id: number, demand: Demand | undefined, nowMs: number): Deadlines | null {
    if (demand === undefined) {
      this.#plans.delete(id);
      return null;
    }
    const continues = this.#places.arrive(demand.range.start, nowMs);
    const plan = { demand: { ...demand, sinceMs: nowMs, continues }, plannedMs: nowMs };
    this.#plans.set(id, plan);
    return this.#deadlines(plan, nowMs);
  }

  /** The deadlines, as of now, of demands that have not been replaced for a while. */
  renew(nowMs: number): [id: number, deadlines: Deadlines][] {
    const stale = [...this.#plans].filter(([, { plannedMs }]) => nowMs - plannedMs >= RENEW_AFTER_MS);
    return stale.map(([id, plan]) => {
      plan.plannedMs = nowMs;
      return [id, this.#deadlines(plan, nowMs)];
    });
  }

  #deadlines({ demand }: Plan, nowMs: number): Deadlines {
    return planDeadlines([demand], this.#geometry, nowMs, this.#isVerified);
  }
}

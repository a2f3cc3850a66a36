import type { Clock } from "@riptide/core";
import type { Random } from "../random.ts";

export interface LaneOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** One way. */
  readonly latencyMs: number;
  /** The most that comes on top of it, drawn anew for each message. */
  readonly jitterMs: number;
}

/** One direction of a connection: everything arrives in the order in which it was sent, as over TCP. */
export class Lane {
  readonly #options: LaneOptions;
  readonly #messages: (() => void)[] = [];

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Runs `message` at the other end when it arrives there. */
  send(message: () => void): void {
    const { clock, random, latencyMs, jitterMs } = this.#options;
    this.#messages.push(message);
    // Whichever timer fires first brings the oldest message: nothing overtakes, and a late one holds up what follows.
    clock.setTimer(jitterMs > 0 ? latencyMs + random.next() * jitterMs : latencyMs, () => this.#messages.shift()?.());
  }
}

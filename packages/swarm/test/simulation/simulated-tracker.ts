import type { Clock } from "@riptide/core";
import {
  ANNOUNCE_TIMEOUT_MS,
  type AnnounceRequest,
  type AnnounceResult,
  announceTimeout,
} from "../../src/discovery/tracker.ts";
import { withDeadline } from "../../src/metainfo/deadline.ts";
import type { PeerAddress } from "../../src/types.ts";

export const TRACKER_URL = "http://tracker.example/announce";
/** From the question to the answer: a connection, and a round trip. */
export const ANSWER_MS = 100;
const INTERVAL_SECONDS = 1800;

export interface SimulatedTrackerOptions {
  readonly clock: Clock;
  /** Questions that come earlier get no answer. */
  readonly speaksAtMs: number;
  /** Whom it knows at this time. */
  readonly peers: () => readonly PeerAddress[];
}

/** What stands between an announcer and a tracker: a question without an answer is given up as the real client does it. */
export class SimulatedTracker {
  /** When it was asked. */
  readonly askedAtMs: number[] = [];
  readonly #options: SimulatedTrackerOptions;

  constructor(options: SimulatedTrackerOptions) {
    this.#options = options;
  }

  announce({ signal }: AnnounceRequest): Promise<AnnounceResult> {
    const { clock, speaksAtMs, peers } = this.#options;
    const isSilent = clock.nowMs() < speaksAtMs;
    this.askedAtMs.push(clock.nowMs());
    const deadline = { clock, signal, timeoutMs: ANNOUNCE_TIMEOUT_MS, timeoutError: announceTimeout };
    return withDeadline(deadline, async () => {
      await new Promise<void>((resolve) => {
        if (!isSilent) clock.setTimer(ANSWER_MS, resolve);
      });
      return { peers: peers(), intervalSeconds: INTERVAL_SECONDS };
    });
  }
}

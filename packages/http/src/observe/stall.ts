import type { Clock, PieceProvider } from "@riptide/core";

/** Whom a body waited for: peers, our disk, whoever makes the bytes (as a rule ffmpeg), or the client that takes them. */
export type StallCause = "peers" | "disk" | "ffmpeg" | "client";

/** Shorter pauses are how streams go: the next piece, the next read. A player with an empty buffer shows longer ones. */
export const STALL_MIN_MS = 250;

/** A pause of a body, as far as it has come. */
export interface Stall {
  readonly cause: StallCause;
  readonly durationMs: number;
}

/** Tells what a body that cannot go on waits for, by the reads that are pending meanwhile. */
export class StallWatch {
  readonly #clock: Clock;
  readonly #peers: BusyTime;
  readonly #disk: BusyTime;
  #isDiskStuck = (): boolean => false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#peers = new BusyTime(clock);
    this.#disk = new BusyTime(clock);
  }

  /** The same provider, whose reads are watched. While the disk takes nothing, what peers have does not help. */
  watch(provider: PieceProvider, isDiskStuck: () => boolean): PieceProvider {
    this.#isDiskStuck = isDiskStuck;
    return {
      sizeBytes: provider.sizeBytes,
      available: (range) => provider.available(range),
      want: (demand) => provider.want(demand),
      readAt: async (offset, length, options) => {
        const isThere = provider.available({ start: offset, end: offset + 1 }).length > 0;
        using _busy = (isThere ? this.#disk : this.#peers).begin();
        return await provider.readAt(offset, length, options);
      },
    };
  }

  /** Begins a wait for bytes. The answer says how long it has taken so far, and what most of that time was for. */
  begin(): () => Stall {
    const startMs = this.#clock.nowMs();
    const before = { peersMs: this.#peers.totalMs(), diskMs: this.#disk.totalMs() };
    const wasDiskStuck = this.#isDiskStuck();
    return () => {
      const durationMs = this.#clock.nowMs() - startMs;
      const peersMs = this.#peers.totalMs() - before.peersMs;
      const diskMs = this.#disk.totalMs() - before.diskMs;
      if (Math.max(peersMs, diskMs) < durationMs / 2) return { cause: "ffmpeg", durationMs };
      const isDisk = diskMs > peersMs || wasDiskStuck || this.#isDiskStuck();
      return { cause: isDisk ? "disk" : "peers", durationMs };
    };
  }

  /** Begins a wait for the client. */
  beginClient(): () => Stall {
    const startMs = this.#clock.nowMs();
    return () => ({ cause: "client", durationMs: this.#clock.nowMs() - startMs });
  }
}

/** For how long at least one of several things that overlap went on. */
class BusyTime {
  readonly #clock: Clock;
  #count = 0;
  #sinceMs = 0;
  #endedMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(): Disposable {
    if (this.#count === 0) this.#sinceMs = this.#clock.nowMs();
    this.#count += 1;
    return {
      [Symbol.dispose]: () => {
        this.#count -= 1;
        if (this.#count === 0) this.#endedMs += this.#clock.nowMs() - this.#sinceMs;
      },
    };
  }

  totalMs(): number {
    return this.#endedMs + (this.#count > 0 ? this.#clock.nowMs() - this.#sinceMs : 0);
  }
}

import { type PieceProvider, StreamError } from "@riptide/core";
import { describe, expect, it } from "vitest";
import { Deferred } from "../../src/engine/deferred.ts";
import { withStallGuard } from "../../src/engine/stall-guard.ts";
import { virtualTime } from "../session/virtual-time.ts";

const LIMIT_MS = 30_000;
const STALLED = new StreamError("no_peers", "Nothing comes.");
const FULL = new StreamError("disk_full", "Make room.");

function setUp() {
  const clock = virtualTime();
  let lastProgressMs = 0;
  let readsUnderWay = 0;
  let arrived = new Deferred<Uint8Array>();
  let why = STALLED;
  let isThere = false;
  const held: unknown[] = [];
  const provider: PieceProvider = {
    sizeBytes: 100,
    available: (range) => (isThere ? [range] : []),
    want: (demand) => {
      held.push(demand);
      return { [Symbol.dispose]: () => undefined };
    },
    readAt: (_offset, _length, { signal }) => {
      readsUnderWay += 1;
      return arrived.wait(signal).finally(() => {
        readsUnderWay -= 1;
      });
    },
  };
  const guarded = withStallGuard(provider, {
    clock,
    limitMs: LIMIT_MS,
    lastProgressMs: () => lastProgressMs,
    isSure: () => true,
    explain: () => why,
  });
  const controller = new AbortController();
  /** Starts a read; the outcome is undefined while it waits. */
  const read = (): { outcome: unknown } => {
    const state: { outcome: unknown } = { outcome: undefined };
    guarded.readAt(0, 10, { signal: controller.signal }).then(
      (bytes) => {
        state.outcome = bytes;
      },
      (error: unknown) => {
        state.outcome = error;
      },
    );
    return state;
  };
  return {
    clock,
    guarded,
    controller,
    read,
    held,
    progress: () => {
      lastProgressMs = clock.nowMs();
    },
    answer: async (bytes: Uint8Array) => {
      arrived.resolve(bytes);
      await clock.advance(0);
      arrived = new Deferred();
    },
    blame: (error: StreamError) => {
      why = error;
    },
    arrive: () => {
      isThere = true;
    },
    readsUnderWay: () => readsUnderWay,
  };
}

describe("withStallGuard", () => {
  it("fails a read that waits for 30 s while nothing arrives, and says why", async () => {
    const { clock, read, readsUnderWay } = setUp();
    const state = read();
    await clock.advance(LIMIT_MS - 1);
    expect(state.outcome).toBeUndefined();
    await clock.advance(1);
    expect(state.outcome).toBe(STALLED);
    expect([readsUnderWay(), clock.pendingTimers]).toEqual([0, 0]);
  });

  it("counts from the last progress of the torrent", async () => {
    const { clock, read, progress } = setUp();
    const state = read();
    await clock.advance(20_000);
    progress();
    await clock.advance(LIMIT_MS - 1);
    expect(state.outcome).toBeUndefined();
    await clock.advance(1);
    expect(state.outcome).toBe(STALLED);
  });

  it("gives a read its full time, however long nothing arrived before", async () => {
    const { clock, read } = setUp();
    await clock.advance(3_600_000);
    const state = read();
    await clock.advance(LIMIT_MS - 1);
    expect(state.outcome).toBeUndefined();
    await clock.advance(1);
    expect(state.outcome).toBe(STALLED);
  });

  it("passes on what comes in time, and leaves no timer", async () => {
    const { clock, read, answer } = setUp();
    const state = read();
    await clock.advance(20_000);
    await answer(Uint8Array.of(1, 2));
    expect([state.outcome, clock.pendingTimers]).toEqual([Uint8Array.of(1, 2), 0]);
  });

  it("waits three times as long for peers where what was waited for has come before", async () => {
    const { clock, read, answer } = setUp();
    read();
    await answer(Uint8Array.of(1, 2));
    const state = read();
    await clock.advance(3 * LIMIT_MS - 1);
    expect(state.outcome).toBeUndefined();
    await clock.advance(1);
    expect([state.outcome, clock.pendingTimers]).toEqual([STALLED, 0]);
  });

  it("waits no longer than before for what no peer can mend", async () => {
    const { clock, read, answer, blame } = setUp();
    read();
    await answer(Uint8Array.of(1, 2));
    blame(FULL);
    const state = read();
    await clock.advance(LIMIT_MS);
    expect(state.outcome).toBe(FULL);
  });

  it("passes on the reader's own abort, and leaves neither timer nor read", async () => {
    const { clock, read, controller, readsUnderWay } = setUp();
    const state = read();
    const reason = new Error("the client left");
    await clock.advance(10);
    controller.abort(reason);
    await clock.advance(0);
    expect([state.outcome, readsUnderWay(), clock.pendingTimers]).toEqual([reason, 0, 0]);
    const late = read();
    await clock.advance(0);
    expect([late.outcome, clock.pendingTimers]).toEqual([reason, 0]);
  });

  it("does not watch a read whose first byte is there", async () => {
    const { clock, read, arrive } = setUp();
    arrive();
    const state = read();
    await clock.advance(10 * LIMIT_MS);
    expect([state.outcome, clock.pendingTimers]).toEqual([undefined, 0]);
  });

  it("is otherwise the provider itself", () => {
    const { guarded, held } = setUp();
    const demand = { range: { start: 0, end: 10 }, urgency: "soon" } as const;
    guarded.want(demand);
    expect([guarded.sizeBytes, guarded.available({ start: 0, end: 5 }), held]).toEqual([100, [], [demand]]);
  });
});

import type { EngineHealth } from "@riptide/core";
import { describe, expect, it } from "vitest";
import { SessionSupervisor } from "../../src/engine/session-supervisor.ts";
import type { SessionCommand } from "../../src/session/protocol.ts";
import { virtualTime } from "../session/virtual-time.ts";
import { fakeThreads } from "./fake-threads.ts";

const INFO_HASH = "ab".repeat(20);
const { signal } = new AbortController();
const BRIEFING: SessionCommand = { type: "demand", infoHash: INFO_HASH, id: 1, demand: undefined };

function setUp(options: { isDeaf?: () => boolean } = {}) {
  const clock = virtualTime();
  const { threads, startThread } = fakeThreads(options);
  const healths: EngineHealth[] = [];
  const causes: (Error | undefined)[] = [];
  const supervisor = new SessionSupervisor({
    settings: { peerHost: "127.0.0.1", peerPort: 0, dht: undefined, lsd: false, uploadBytesPerSecond: undefined },
    clock,
    startThread,
    briefing: () => [BRIEFING],
    event: () => undefined,
    died: (cause) => causes.push(cause),
    healthChanged: (health) => healths.push(health),
  });
  supervisor.start();
  return { clock, threads, supervisor, healths, causes };
}

describe("SessionSupervisor", () => {
  it("starts a session that died again, and briefs it", async () => {
    const { clock, threads, supervisor, healths, causes } = setUp();
    const cause = new Error("a bug");
    threads[0]!.die(cause);
    expect([causes, supervisor.health()]).toEqual([[cause], { state: "restarting", restarts: 1 }]);
    supervisor.send({ type: "close" });
    await clock.advance(200);
    expect(threads[1]?.commands).toEqual([BRIEFING]);
    expect(supervisor.health().state).toBe("restarting");
    threads[1]!.say({ type: "listening", port: 7 });
    expect(healths).toEqual([
      { state: "restarting", restarts: 1 },
      { state: "running", restarts: 1 },
    ]);
  });

  it("waits longer and longer for a session that keeps dying, and never longer than ten seconds", async () => {
    const { clock, threads } = setUp();
    const startedAtMs: number[] = [];
    for (let death = 1; death <= 9; death += 1) {
      threads.at(-1)!.die();
      while (threads.length === death) await clock.advance(100);
      startedAtMs.push(clock.nowMs());
    }
    const delays = startedAtMs.map((atMs, index) => atMs - (startedAtMs[index - 1] ?? 0));
    expect(delays).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000]);
    await clock.advance(60_000);
    threads.at(-1)!.die();
    await clock.advance(100);
    expect(threads).toHaveLength(11);
  });

  it("knows the port of the living session, and lets those wait who ask early", async () => {
    const { clock, threads, supervisor } = setUp();
    const early = supervisor.peerPort(signal);
    threads[0]!.die();
    await clock.advance(200);
    threads[1]!.say({ type: "listening", port: 7 });
    expect([await early, await supervisor.peerPort(signal)]).toEqual([7, 7]);
    threads[1]!.die();
    const later = supervisor.peerPort(signal);
    await clock.advance(10_000);
    // Peers know us by the port: the next session is to take it again.
    expect(threads.map(({ settings }) => settings.peerPort)).toEqual([0, 0, 7]);
    threads[2]!.say({ type: "listening", port: 8 });
    expect(await later).toBe(8);
  });

  it("releases a torrent when the session has let go of it", async () => {
    const { threads, supervisor } = setUp({ isDeaf: () => true });
    let isReleased = false;
    const released = supervisor.release(INFO_HASH).then(() => {
      isReleased = true;
    });
    threads[0]!.say({ type: "removed", infoHash: "cd".repeat(20) });
    await Promise.resolve();
    expect([isReleased, threads[0]!.commands.at(-1)]).toEqual([false, { type: "remove", infoHash: INFO_HASH }]);
    threads[0]!.say({ type: "removed", infoHash: INFO_HASH });
    await released;
  });

  it("releases a torrent when the session dies, and at once while none runs", async () => {
    const { threads, supervisor } = setUp({ isDeaf: () => true });
    const released = supervisor.release(INFO_HASH);
    threads[0]!.die();
    await expect(released).resolves.toBeUndefined();
    await expect(supervisor.release(INFO_HASH)).resolves.toBeUndefined();
  });

  it("lets the session write down what it has, then ends it", async () => {
    const { clock, threads, supervisor, healths } = setUp();
    await supervisor.close();
    expect(threads[0]).toMatchObject({ isTerminated: true, commands: [BRIEFING, { type: "close" }] });
    expect([healths, clock.pendingTimers]).toEqual([[{ state: "closed", restarts: 0 }], 0]);
  });

  it("does not wait for ever for a session that does not answer", async () => {
    const { clock, threads, supervisor } = setUp({ isDeaf: () => true });
    const closed = supervisor.close();
    const released = supervisor.release(INFO_HASH);
    await clock.runUntil(closed, 6_000);
    await released;
    expect([clock.nowMs(), threads[0]!.isTerminated, clock.pendingTimers]).toEqual([5_000, true, 0]);
  });

  it("closes while it waits for the next session", async () => {
    const { clock, threads, supervisor } = setUp();
    threads[0]!.die();
    await supervisor.close();
    await clock.advance(60_000);
    expect([threads.length, supervisor.health().state]).toEqual([1, "closed"]);
  });
});

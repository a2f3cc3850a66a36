import {
  createRandom,
  createVirtualClock,
  type SimulatedBlock,
  SimulatedPeer,
  type SimulatedPeerOptions,
} from "@riptide/sim";
import { describe, expect, it } from "vitest";

const BLOCK_BYTES = 16_384;
const block = (index: number): SimulatedBlock => ({ piece: 0, offset: index * BLOCK_BYTES, length: BLOCK_BYTES });
const blocks = (count: number) => Array.from({ length: count }, (_, index) => block(index));

/** A peer, and what is heard of it: `12 delivered 0`. */
function meet(options: Partial<SimulatedPeerOptions>) {
  const clock = createVirtualClock({ drain: () => Promise.resolve() });
  const heard: string[] = [];
  const hear = (what: string): void => void heard.push(`${Math.round(clock.nowMs())} ${what}`);
  const peer = new SimulatedPeer(
    { bytesPerSecond: BLOCK_BYTES * 100, ...options },
    {
      clock,
      random: createRandom(1),
      listener: {
        unchoked: () => hear("unchoked"),
        choked: () => hear("choked"),
        rejected: ({ offset }) => hear(`rejected ${offset / BLOCK_BYTES}`),
        delivering: () => undefined,
        delivered: (wrongBy) => hear(`delivered ${wrongBy}`),
      },
    },
  );
  const run = (untilMs: number): string[] => {
    clock.stepUntil(() => false, untilMs);
    return heard.splice(0);
  };
  return { peer, run };
}

describe("a simulated peer", () => {
  it("sends blocks one after the other at its rate, each message after its latency", () => {
    const { peer, run } = meet({ latencyMs: 30 });
    peer.unchoke();
    expect(run(100)).toEqual(["30 unchoked"]);
    peer.request(blocks(3));
    expect(run(500)).toEqual(["170 delivered 0", "180 delivered 0", "190 delivered 0"]);
    expect(peer.sentBytes).toBe(3 * BLOCK_BYTES);
  });

  it("refuses what it is asked while it chokes, and what is cancelled, unless it sends no rejects", () => {
    const { peer, run } = meet({ latencyMs: 10 });
    peer.request([block(7)]);
    expect(run(100)).toEqual(["20 rejected 7"]);
    peer.unchoke();
    peer.request(blocks(3));
    peer.cancel([block(2)]);
    expect(run(200)).toEqual(["110 unchoked", "120 rejected 2", "130 delivered 0", "140 delivered 0"]);
    const quiet = meet({ neverRejects: true });
    quiet.peer.request([block(0)]);
    expect(quiet.run(100)).toEqual([]);
  });

  it("keeps the order of messages whatever the jitter", () => {
    const { peer, run } = meet({ latencyMs: 5, jitterMs: 200, bytesPerSecond: Number.POSITIVE_INFINITY });
    peer.unchoke();
    peer.request(blocks(20));
    const heard = run(5000);
    const times = heard.map((entry) => Number(entry.split(" ")[0]));
    expect(heard[0]).toContain("unchoked");
    expect(times).toHaveLength(21);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(new Set(times).size).toBeGreaterThan(5);
  });

  it("begins slowly, and gets to its rate", () => {
    const { peer, run } = meet({ slowStart: { fromBytesPerSecond: BLOCK_BYTES, durationMs: 2000 } });
    peer.unchoke();
    peer.request(blocks(100));
    expect(run(900).filter((entry) => entry.includes("delivered"))).toEqual([]);
    run(4000);
    peer.request(blocks(100));
    const late = run(5000);
    expect(late).toHaveLength(100);
  });

  it.each([
    { title: "a blackhole", options: { isBlackhole: true }, delivered: 0 },
    { title: "one that stalls", options: { stallsAfterBytes: 2 * BLOCK_BYTES }, delivered: 2 },
    { title: "one that pauses", options: { pauses: [{ fromMs: 25, toMs: 9000 }] }, delivered: 3 },
    { title: "one that loses requests", options: { queueLimit: 4 }, delivered: 4 },
    { title: "one that lies", options: { liesAbout: () => true }, delivered: 0 },
    { title: "one that never unchokes", options: { neverUnchokes: true, neverRejects: true }, delivered: 0 },
  ])("answers no more if it is $title, and all that comes once it is healed", ({ options, delivered }) => {
    const { peer, run } = meet(options);
    peer.unchoke();
    peer.request(blocks(10));
    expect(deliveries(run(5000))).toBe(delivered);
    peer.heal();
    run(6000);
    peer.request(blocks(10));
    expect(deliveries(run(7000))).toBe(10);
  });

  it("poisons the blocks it is told to, by its mask, until it is healed", () => {
    const { peer, run } = meet({ poisons: ({ offset }) => offset > 0, poisonMask: 9 });
    peer.unchoke();
    peer.request(blocks(2));
    expect(run(100).slice(1)).toEqual(["10 delivered 0", "20 delivered 9"]);
    peer.heal();
    peer.request(blocks(2));
    expect(run(200).slice(1)).toEqual(["110 delivered 0", "120 delivered 0"]);
  });

  it("chokes at its time, still sends what it wants to, and notices who asks twice", () => {
    const { peer, run } = meet({ chokes: [{ fromMs: 15, toMs: 50, stillSends: 1 }] });
    peer.unchoke();
    peer.request(blocks(4));
    expect(run(40)).toEqual([
      "0 unchoked",
      "10 delivered 0",
      "15 rejected 3",
      "15 choked",
      "20 delivered 0",
      "30 delivered 0",
    ]);
    run(100);
    expect(peer.repeatedRequests).toBe(0);
    peer.request(blocks(4));
    peer.request(blocks(4));
    run(101);
    expect(peer.repeatedRequests).toBe(3);
  });

  it("says nothing any more once it is closed", () => {
    const { peer, run } = meet({ latencyMs: 10 });
    peer.unchoke();
    peer.request(blocks(4));
    run(25);
    peer.close();
    expect(run(1000)).toEqual([]);
  });
});

function deliveries(heard: readonly string[]): number {
  return heard.filter((entry) => entry.includes("delivered")).length;
}

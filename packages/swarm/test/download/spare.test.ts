import { type SimulatedPeerOptions, torrentShape } from "@riptide/sim";
import { describe, expect, it } from "vitest";
import { Availability } from "../../src/download/availability.ts";
import { type ChosenFile, ChosenFiles, type SparePolicy, sparePieces } from "../../src/download/spare.ts";
import { SimulatedSwarm } from "../simulation/simulated-swarm.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const PIECES = 64;
const fast: SimulatedPeerOptions = { bytesPerSecond: 4_000_000, latencyMs: 20 };
const file: ChosenFile = { start: 8, end: 40, head: 20 };

function swarmWith(
  policy: SparePolicy,
  peers: readonly SimulatedPeerOptions[] = [fast],
  files = [file],
): SimulatedSwarm {
  const swarm = new SimulatedSwarm({ geometry: torrentShape(PIECES * MIB, MIB), peers });
  swarm.downloader.setSpare(policy, files, 0);
  return swarm;
}

/** Somebody wants these pieces and nothing else. */
function want(swarm: SimulatedSwarm, reader: number, pieces: readonly number[]): void {
  const { nowMs } = swarm;
  swarm.downloader.setDeadlines(
    reader,
    pieces.map((piece, place) => [piece, nowMs + place * 500]),
    nowMs,
  );
}

/** While one piece a second is played, asked for four seconds ahead: how long the slowest took. */
function longestWaitMs(policy: SparePolicy): number {
  const swarm = swarmWith(policy, [{ bytesPerSecond: 2_000_000, latencyMs: 20 }]);
  let longestMs = 0;
  for (let piece = 20; piece < 36; piece += 1) {
    const askedMs = swarm.nowMs;
    swarm.downloader.setDeadlines(0, [[piece, askedMs + 4000]], askedMs);
    swarm.untilStored(piece);
    longestMs = Math.max(longestMs, (swarm.stored.get(piece) ?? Number.POSITIVE_INFINITY) - askedMs);
    swarm.run(Math.max(0, askedMs + 1000 - swarm.nowMs));
  }
  return longestMs;
}

describe("spare bandwidth", () => {
  it("fetches nothing unless the user chose otherwise", () => {
    const swarm = swarmWith("nothing");
    want(swarm, 0, [20, 21]);
    swarm.run(20_000);
    expect([[...swarm.stored.keys()], swarm.sentBytes]).toEqual([[20, 21], 2 * MIB]);
    swarm.downloader.setDeadlines(0, null, swarm.nowMs);
    swarm.run(200);
    expect(swarm.downloader.isIdle).toBe(true);
  });

  it("goes on ahead of where the film is read, to its end, and then from its start, and nowhere else", () => {
    const swarm = swarmWith("ahead");
    want(swarm, 0, [20, 21]);
    swarm.run(30_000);
    const expected = [
      ...Array.from({ length: 20 }, (_, at) => 20 + at),
      ...Array.from({ length: 12 }, (_, at) => 8 + at),
    ];
    const order = [...swarm.stored.keys()];
    expect([...order].sort((a, b) => a - b)).toEqual([...expected].sort((a, b) => a - b));
    // Eight pieces at once: each comes near its place.
    for (const [place, piece] of order.entries())
      expect(Math.abs(expected.indexOf(piece) - place)).toBeLessThanOrEqual(8);
    expect(swarm.downloader.stats.wastedBytes).toBe(0);
    swarm.downloader.setDeadlines(0, null, swarm.nowMs);
    swarm.run(200);
    expect(swarm.downloader.isIdle).toBe(true);
  });

  it("saves first what fewest peers have", () => {
    const rare = [13, 27, 38];
    const peers: SimulatedPeerOptions[] = [
      { ...fast, has: (piece) => !rare.includes(piece) },
      { ...fast, has: (piece) => !rare.includes(piece) },
      { bytesPerSecond: 1_000_000, leavesAtMs: 5_000 },
    ];
    const swarm = swarmWith("rarest", peers);
    want(swarm, 0, [20]);
    swarm.run(6_000);
    for (const piece of rare) expect(swarm.stored.get(piece), `piece ${piece}`).toBeLessThan(5_000);
    swarm.run(30_000);
    expect([...swarm.stored.keys()].every((piece) => piece >= 8 && piece < 40)).toBe(true);
    expect(swarm.stored.size).toBe(32);
  });

  const swarms: readonly { title: string; peers: readonly SimulatedPeerOptions[] }[] = [
    { title: "one peer of 1 MB/s", peers: [{ bytesPerSecond: 1_000_000 }] },
    { title: "1 MB/s with a round trip of 100 ms", peers: [{ bytesPerSecond: 1_000_000, latencyMs: 50 }] },
    { title: "eight peers of 125 KB/s", peers: Array.from({ length: 8 }, () => ({ bytesPerSecond: 125_000 })) },
    {
      title: "1 MB/s and a peer of 60 KB/s",
      peers: [{ bytesPerSecond: 1_000_000 }, { bytesPerSecond: 60_000 }],
    },
  ];
  it.each(swarms)("delays no seek: $title", ({ peers }) => {
    const seek = (policy: SparePolicy) => {
      const swarm = swarmWith(policy, peers);
      want(swarm, 0, [20]);
      swarm.run(6_000);
      const bytesBefore = swarm.sentBytes;
      swarm.read(1, 50 * MIB);
      return { ms: swarm.untilStored(50), bytes: swarm.sentBytes - bytesBefore };
    };
    const without = seek("nothing");
    for (const policy of ["ahead", "rarest"] as const) {
      const { ms, bytes } = seek(policy);
      // A block that is on its way, of each peer, cannot be taken back.
      expect(ms - without.ms).toBeLessThanOrEqual(150);
      expect(bytes - without.bytes).toBeLessThanOrEqual(160 * KIB);
    }
  });

  it("never makes a reader wait whose window moves on", () => {
    const withoutMs = longestWaitMs("nothing");
    expect(longestWaitMs("rarest") - withoutMs).toBeLessThanOrEqual(60);
  });

  it("takes up what a peer brings later, and rests while it is paused", () => {
    let isComplete = false;
    const swarm = swarmWith("ahead", [{ ...fast, has: (piece) => isComplete || piece !== 30 }]);
    want(swarm, 0, [20]);
    swarm.run(20_000);
    expect([swarm.stored.size, swarm.stored.has(30)]).toEqual([31, false]);
    swarm.downloader.pause(swarm.nowMs);
    isComplete = true;
    swarm.downloader.peerHave(0, 30, swarm.nowMs);
    swarm.run(1000);
    expect(swarm.stored.has(30)).toBe(false);
    swarm.downloader.resume(swarm.nowMs);
    swarm.run(1000);
    expect(swarm.stored.has(30)).toBe(true);
  });
});

describe("what spare bandwidth is for", () => {
  const options = { limit: 4, isMissing: () => true, isBegun: () => false, availability: () => 1 };

  it.each<{ title: string; policy: SparePolicy; change: Partial<typeof options> & object; pieces: number[] }>([
    { title: "nothing", policy: "nothing", change: {}, pieces: [] },
    { title: "what lies ahead", policy: "ahead", change: {}, pieces: [20, 21, 22, 23] },
    {
      title: "what is missing",
      policy: "ahead",
      change: { isMissing: (piece?: number) => piece! % 10 === 1 },
      pieces: [21, 31, 11],
    },
    {
      title: "the rarest",
      policy: "rarest",
      change: { availability: (piece?: number) => 1 + (piece! % 8) },
      pieces: [24, 32, 8, 16],
    },
    {
      title: "what was begun, before the rarest",
      policy: "rarest",
      change: { isBegun: (piece?: number) => piece === 9 },
      pieces: [9, 20, 21, 22],
    },
    {
      title: "what anybody has",
      policy: "rarest",
      change: { availability: (piece?: number) => (piece! < 10 ? 1 : 0) },
      pieces: [8, 9],
    },
  ])("is $title", ({ policy, change, pieces }) => {
    expect(sparePieces(policy, [file], { ...options, ...change })).toEqual(pieces);
  });

  it("is of files that are played, the latest first, and not of those that are only looked into", () => {
    const geometry = torrentShape(64 * MIB, MIB);
    const files = [0, 1, 2, 3].map((index) => ({ start: index * 10.5 * MIB, end: (index + 1) * 10.5 * MIB }));
    const chosen = new ChosenFiles(geometry, files);
    const demand = (start: number, lengthBytes: number, urgency: "now" | "soon" | "later" = "soon") =>
      chosen.note({ range: { start, end: start + lengthBytes }, urgency });
    expect(demand(0, 64 * KIB, "now")).toBe(false);
    expect(demand(20 * MIB, 256 * KIB)).toBe(false);
    expect(demand(30 * MIB, 8 * MIB, "later")).toBe(false);
    expect(demand(60 * MIB, 2 * MIB)).toBe(false);
    expect(chosen.latestFirst).toEqual([]);
    expect([demand(12 * MIB, MIB), demand(3 * MIB, MIB), demand(15 * MIB, MIB)]).toEqual([true, true, true]);
    expect(chosen.latestFirst).toEqual([
      { start: 10, end: 21, head: 15 },
      { start: 0, end: 11, head: 3 },
    ]);
  });

  it("forgets files that were played long ago", () => {
    const files = Array.from({ length: 40 }, (_, index) => ({ start: index * MIB, end: (index + 1) * MIB }));
    const chosen = new ChosenFiles(torrentShape(40 * MIB, MIB), files);
    for (const { start, end } of files) chosen.note({ range: { start, end }, urgency: "soon" });
    expect(chosen.latestFirst.map(({ head }) => head)).toEqual(Array.from({ length: 16 }, (_, place) => 39 - place));
  });
});

describe("availability", () => {
  it("counts peers for each piece, through all that they say", () => {
    const availability = new Availability(10);
    const counts = () => Array.from({ length: 10 }, (_, piece) => availability.count(piece));
    const bits = Uint8Array.of(0b10100000, 0b01000000);
    availability.add("all");
    availability.add(bits);
    availability.addPiece(1);
    expect(counts()).toEqual([2, 2, 2, 1, 1, 1, 1, 1, 1, 2]);
    availability.remove("all");
    availability.remove(undefined);
    availability.remove(Uint8Array.of(0b11100000, 0b01000000));
    expect(counts()).toEqual(Array.from({ length: 10 }, () => 0));
  });

  it("follows the downloader's peers: a bitfield after all, HAVEs said twice, and peers that go", () => {
    const swarm = new SimulatedSwarm({ geometry: torrentShape(16 * MIB, MIB), peers: [fast, fast] });
    swarm.run(200);
    const { downloader } = swarm;
    downloader.peerBitfield(0, new Uint8Array(2), swarm.nowMs);
    for (const piece of [3, 3, 4]) downloader.peerHave(0, piece, swarm.nowMs);
    downloader.setSpare("rarest", [{ start: 0, end: 16, head: 0 }], swarm.nowMs);
    swarm.leave(1);
    swarm.run(20_000);
    // Only what the remaining peer has can be had, and is asked for.
    expect(swarm.downloader.unavailable()).toEqual([]);
    for (const piece of [3, 4]) expect(swarm.stored.has(piece)).toBe(true);
  });
});

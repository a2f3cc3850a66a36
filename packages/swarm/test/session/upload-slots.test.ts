import type { VirtualClock } from "@riptide/sim";
import { describe, expect, it } from "vitest";
import type { Peer } from "../../src/session/peer.ts";
import { UploadSlots } from "../../src/session/upload-slots.ts";
import { type FakePeer, fakePeer } from "./fake-peer.ts";
import { virtualTime } from "./virtual-time.ts";

const BLOCK_BYTES = 16 * 1024;
const GEOMETRY = { pieceCount: 4, pieceLengthBytes: 4 * BLOCK_BYTES, sizeBytes: 16 * BLOCK_BYTES };
const ROUND_MS = 10_000;

function setUp(peerCount: number, { isSeed = false } = {}) {
  const clock = virtualTime();
  const rates = new Map<Peer, number>();
  const fakes = Array.from({ length: peerCount }, (_, index) => fakePeer(index + 1));
  const slots = new UploadSlots({
    geometry: GEOMETRY,
    clock,
    random: () => 0,
    limiter: undefined,
    has: (piece) => piece < 3,
    isSeed: () => isSeed,
    read: async (offset, length) => new Uint8Array(length).fill(offset / BLOCK_BYTES),
    downloadRate: (peer) => rates.get(peer) ?? 0,
  });
  const peers = fakes.map(({ peer }) => peer);
  const setInterest = (fake: FakePeer, isInterested: boolean): void => {
    fake.peer.isInterested = isInterested;
    slots.interestChanged(fake.peer, peers);
  };
  const unchoked = (): number[] => peers.filter((peer) => !peer.amChoking).map(({ key }) => key);
  return { clock, rates, fakes, peers, slots, setInterest, unchoked };
}

/** Lets rounds of ten seconds pass, reviewing every second as the session does. */
async function passRounds(rounds: number, clock: VirtualClock, review: () => void): Promise<void> {
  for (let second = 0; second < rounds * 10; second += 1) {
    await clock.advance(1_000);
    review();
  }
}

describe("UploadSlots", () => {
  it("unchokes at once who is interested, as long as a slot of four is free", () => {
    const { fakes, setInterest, unchoked } = setUp(6);
    for (const fake of fakes) setInterest(fake, true);
    expect(unchoked()).toEqual([1, 2, 3, 4]);
    setInterest(fakes[1]!, false);
    setInterest(fakes[5]!, true);
    expect(unchoked()).toEqual([1, 3, 4, 6]);
    expect(fakes[1]!.wire.take()).toEqual([["unchoke"], ["choke"]]);
  });

  it("chooses once in ten seconds: the three that give most, and one by lot", async () => {
    const { clock, fakes, peers, rates, slots, setInterest, unchoked } = setUp(6);
    for (const fake of fakes) setInterest(fake, true);
    for (const [index, peer] of peers.entries()) rates.set(peer, index * 1_000);
    await clock.advance(ROUND_MS - 1);
    slots.review(peers);
    expect(unchoked()).toEqual([1, 2, 3, 4]);
    await clock.advance(1);
    slots.review(peers);
    // The lot (0) falls on the first that has no slot.
    expect(unchoked()).toEqual([1, 4, 5, 6]);
  });

  it("keeps the optimistic slot for three rounds, then draws anew", async () => {
    const { clock, fakes, peers, rates, slots, setInterest, unchoked } = setUp(6);
    for (const fake of fakes) setInterest(fake, true);
    for (const [index, peer] of peers.entries()) rates.set(peer, index * 1_000);
    await passRounds(1, clock, () => slots.review(peers));
    expect(unchoked()).toEqual([1, 4, 5, 6]);
    setInterest(fakes[0]!, false);
    await passRounds(1, clock, () => slots.review(peers));
    expect(unchoked()).toEqual([2, 4, 5, 6]);
    setInterest(fakes[0]!, true);
    await passRounds(1, clock, () => slots.review(peers));
    expect(unchoked()).toEqual([1, 4, 5, 6]);
  });

  it("serves those that take most when it is a seed", async () => {
    const { clock, fakes, peers, slots, setInterest, unchoked } = setUp(6, { isSeed: true });
    for (const fake of fakes.slice(2)) setInterest(fake, true);
    for (const second of [1, 2, 3]) {
      for (const fake of fakes.slice(3)) slots.requested(fake.peer, block(0, second));
      await clock.advance(1_000);
      slots.review(peers);
    }
    for (const fake of fakes.slice(0, 2)) setInterest(fake, true);
    await passRounds(1, clock, () => slots.review(peers));
    expect(unchoked()).toEqual([1, 4, 5, 6]);
  });

  it("sends what an unchoked peer asks for, and counts it", async () => {
    const { clock, fakes, peers, slots, setInterest } = setUp(1);
    const [fake] = fakes;
    setInterest(fake!, true);
    slots.requested(fake!.peer, block(1, 2));
    slots.requested(fake!.peer, block(3, 0));
    await clock.advance(1_000);
    slots.review(peers);
    expect(fake!.wire.take()).toEqual([
      ["unchoke"],
      ["reject", block(3, 0)],
      ["block", 1, 2 * BLOCK_BYTES, BLOCK_BYTES],
    ]);
    expect(slots.uploaded.totalBytes).toBe(BLOCK_BYTES);
    expect(slots.uploaded.bytesPerSecond).toBeGreaterThan(0);
  });

  it("sends nothing to a peer that it chokes, nor what was cancelled", async () => {
    const { clock, fakes, slots, setInterest } = setUp(2);
    slots.requested(fakes[0]!.peer, block(0, 0));
    expect(fakes[0]!.wire.take()).toEqual([["reject", block(0, 0)]]);
    setInterest(fakes[1]!, true);
    slots.requested(fakes[1]!.peer, block(0, 0));
    slots.cancelled(fakes[1]!.peer, block(0, 0));
    slots.requested(fakes[1]!.peer, block(0, 1));
    setInterest(fakes[1]!, false);
    await clock.advance(100);
    expect(fakes[1]!.wire.take()).toEqual([["unchoke"], ["reject", block(0, 0)], ["choke"], ["reject", block(0, 1)]]);
  });

  it("sends nothing more to a peer that left, or once it is closed", async () => {
    const { clock, fakes, slots, setInterest } = setUp(2);
    for (const fake of fakes) {
      setInterest(fake, true);
      slots.requested(fake.peer, block(0, 0));
    }
    slots.leave(fakes[0]!.peer);
    slots.close();
    await clock.advance(100);
    expect(fakes.map(({ wire }) => wire.take())).toEqual([[["unchoke"]], [["unchoke"]]]);
  });

  it("gives the slot of one that stopped answering us to one that gives, and never sends more than the optimistic slot to it", async () => {
    const { clock, fakes, peers, rates, slots, setInterest, unchoked } = setUp(6);
    for (const fake of fakes) setInterest(fake, true);
    for (const peer of peers.slice(0, 5)) rates.set(peer, 10_000 + peer.key);
    rates.set(peers[5]!, 1);
    await passRounds(1, clock, () => slots.review(peers));
    expect(unchoked()).toEqual(expect.arrayContaining([3, 4, 5]));
    // Anti-snubbing: the downloader rates a silent peer at nothing.
    rates.set(peers[4]!, 0);
    await passRounds(1, clock, () => slots.review(peers));
    expect(unchoked()).toEqual(expect.arrayContaining([2, 3, 4]));
    expect(unchoked()).not.toContain(5);
  });
});

function block(piece: number, index: number): { piece: number; offset: number; length: number } {
  return { piece, offset: index * BLOCK_BYTES, length: BLOCK_BYTES };
}

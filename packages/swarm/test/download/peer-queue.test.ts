import { describe, expect, it } from "vitest";
import { PeerQueue } from "../../src/download/peer-queue.ts";
import { Source } from "../../src/download/source.ts";
import { prove } from "./scheduler-fixture.ts";

function newPeer(): PeerQueue {
  const peer = new PeerQueue(new Source(1, "host"));
  peer.isChoking = false;
  return peer;
}

/** 100 ms a block; the last one came at 200, and these were asked for before that. */
function sendingPeer(keys: readonly number[]): PeerQueue {
  const peer = newPeer();
  for (const key of [-2, -1, ...keys]) peer.noteRequest(key, 0);
  for (const key of [-2, -1]) {
    peer.inFlight.delete(key);
    peer.noteBlock(key === -2 ? 100 : 200);
  }
  return peer;
}

describe("the depth of a peer's queue", () => {
  it.each([
    { title: "holds half a second of work and the round trip", msPerBlock: 16, firstAnswerMs: 16, depth: 33 },
    { title: "grows with the round trip", msPerBlock: 16, firstAnswerMs: 116, depth: 39 },
    { title: "is never below two", msPerBlock: 2000, firstAnswerMs: 2000, depth: 2 },
    { title: "is capped at what peers accept", msPerBlock: 0.1, firstAnswerMs: 1, depth: 250 },
  ])("$title", ({ msPerBlock, firstAnswerMs, depth }) => {
    const peer = newPeer();
    peer.noteRequest(0, 0);
    for (let block = 0; block < 100; block++) peer.noteBlock(firstAnswerMs + block * msPerBlock);
    expect(peer.depth()).toBe(depth);
  });

  it("is three for a peer that has sent nothing, and one when it was silent before", () => {
    const peer = newPeer();
    expect(peer.depth()).toBe(3);
    peer.silences = 1;
    expect(peer.depth()).toBe(1);
  });

  it.each([
    { reqq: 5, depth: 5 },
    { reqq: 1, depth: 1 },
    { reqq: 0.5, depth: 1 },
    { reqq: 0, depth: 250 },
    { reqq: -7, depth: 250 },
    { reqq: 1e9, depth: 1000 },
    { reqq: Number.NaN, depth: 250 },
  ])("obeys a reqq of $reqq", ({ reqq, depth }) => {
    const peer = newPeer();
    prove(peer, 0.1);
    peer.setQueueLimit(reqq);
    expect(peer.depth()).toBe(depth);
  });
});

describe("what has left a peer before a CANCEL is there", () => {
  it.each([
    { title: "is not known of a peer that has sent nothing", firstMs: undefined, blocks: 0 },
    { title: "is at least the block that it is sending", firstMs: 60, blocks: 1 },
    { title: "is what it sends in a round trip", firstMs: 60 + 170, blocks: 3 },
    { title: "is no more than comes from the other end of the world", firstMs: 60 + 9_000, blocks: 5 },
  ])("$title", ({ firstMs, blocks }) => {
    const peer = newPeer();
    peer.noteRequest(0, 0);
    const answers = firstMs === undefined ? 0 : 200;
    for (let block = 0; block < answers; block += 1) peer.noteBlock(firstMs! + 60 * block);
    expect(peer.blocksUnderWay).toBe(blocks);
  });
});

describe("what a peer has sent of its next block", () => {
  it.each([
    { title: "is as long as it has been quiet", keys: [1, 2], nowMs: 230, sendingMs: 30 },
    { title: "is no more than a block, however long it is quiet", keys: [1, 2], nowMs: 450, sendingMs: 100 },
    { title: "is nothing if it owes nothing", keys: [], nowMs: 230, sendingMs: 0 },
  ])("$title", ({ keys, nowMs, sendingMs }) => {
    expect(sendingPeer(keys).sendingMs(nowMs)).toBe(sendingMs);
  });

  it("is nothing if it was asked after the last one came: when it began is not known", () => {
    const peer = sendingPeer([]);
    peer.noteRequest(1, 220);
    expect(peer.sendingMs(260)).toBe(0);
  });

  it("is less than nothing while it sends one that was taken back, until that has come or its time is over", () => {
    const peer = sendingPeer([1, 2]);
    peer.noteCancel(2);
    expect(peer.sendingMs(230)).toBe(30);
    peer.noteCancel(1);
    peer.inFlight.clear();
    peer.noteRequest(3, 230);
    expect([peer.sendingMs(230), peer.sendingMs(290), peer.sendingMs(301)]).toEqual([-70, -10, 0]);
    peer.noteBlock(290);
    expect(peer.sendingMs(290)).toBe(0);
  });
});

describe("the rate of a peer", () => {
  it("is not inflated by a burst: eight blocks at once after 800 ms are 100 ms each", () => {
    const peer = newPeer();
    peer.noteRequest(0, 0);
    for (let burst = 1; burst <= 6; burst++) for (let block = 0; block < 8; block++) peer.noteBlock(800 * burst);
    expect(peer.averageMsPerBlock).toBeGreaterThan(40);
    expect(peer.averageMsPerBlock).toBeLessThan(160);
  });

  it("leaves out the first answer after an empty pipe: that is latency", () => {
    const peer = newPeer();
    prove(peer, 20);
    const before = peer.averageMsPerBlock;
    peer.noteRequest(0, 10_000);
    peer.inFlight.delete(0);
    peer.noteBlock(10_400);
    expect(peer.averageMsPerBlock).toBe(before);
    expect(peer.stats().bytesPerSecond).toBeCloseTo(16_384_000 / before);
  });

  it("follows the peer when it gets slower", () => {
    const peer = newPeer();
    prove(peer, 10);
    peer.noteRequest(0, 0);
    peer.noteBlock(10);
    for (let block = 1; block <= 24; block++) peer.noteBlock(10 + 100 * block);
    expect(peer.averageMsPerBlock).toBeGreaterThan(90);
  });

  it("degrades with silence while it owes blocks, not while it owes none", () => {
    const peer = newPeer();
    prove(peer, 20);
    expect(peer.msPerBlock(5000)).toBeCloseTo(20);
    peer.noteRequest(0, 5000);
    expect(peer.msPerBlock(5200)).toBeCloseTo(20);
    expect(peer.msPerBlock(5900)).toBe(900);
  });

  it.each([
    { title: "chokes", spoil: (peer: PeerQueue) => Object.assign(peer, { isChoking: true }) },
    { title: "is silent", spoil: (peer: PeerQueue) => Object.assign(peer, { silentSinceMs: 1 }) },
    { title: "has sent nothing", spoil: () => undefined, unproven: true },
  ])("is told as 0 while it $title", ({ spoil, unproven }) => {
    const peer = newPeer();
    if (unproven !== true) prove(peer, 20);
    spoil(peer);
    expect(peer.stats().bytesPerSecond).toBe(0);
  });
});

describe("the patience with a peer", () => {
  it.each([
    { title: "is a second for one that has sent nothing", msPerBlock: undefined, maxQuietMs: 1000 },
    { title: "is a second at most", msPerBlock: 400, maxQuietMs: 1000 },
    { title: "is five blocks' time", msPerBlock: 150, maxQuietMs: 750 },
    { title: "is 300 ms and a round trip at least", msPerBlock: 1, maxQuietMs: 301 },
  ])("$title", ({ msPerBlock, maxQuietMs }) => {
    const peer = newPeer();
    if (msPerBlock !== undefined) prove(peer, msPerBlock, { blocks: 200 });
    expect(peer.maxQuietMs()).toBeCloseTo(maxQuietMs, 0);
  });
});

describe("requests taken back", () => {
  it("still make their blocks welcome, until they are answered", () => {
    const peer = newPeer();
    peer.noteRecalled(7);
    expect(peer.wasAsked(7)).toBe(true);
    expect(peer.wasAsked(8)).toBe(false);
    expect(peer.forgetRecalled(7)).toBe(true);
    expect(peer.forgetRecalled(7)).toBe(false);
    expect(peer.wasAsked(7)).toBe(false);
  });

  it("are counted: a block taken back twice is answered twice", () => {
    const peer = newPeer();
    peer.noteRecalled(7);
    peer.noteRecalled(7);
    expect([peer.forgetRecalled(7), peer.forgetRecalled(7), peer.forgetRecalled(7)]).toEqual([true, true, false]);
  });

  it("are remembered within a limit, the oldest forgotten first", () => {
    const peer = newPeer();
    for (let key = 0; key < 2001; key++) peer.noteRecalled(key);
    expect([0, 1, 2000].map((key) => peer.wasAsked(key))).toEqual([false, true, true]);
  });
});

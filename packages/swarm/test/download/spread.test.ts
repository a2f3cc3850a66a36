import { describe, expect, it } from "vitest";
import type { DownloadState } from "../../src/download/download-state.ts";
import { fill } from "../../src/download/fill.ts";
import { receiveBlock } from "../../src/download/incoming-blocks.ts";
import type { PeerQueue } from "../../src/download/peer-queue.ts";
import { shareWithNewcomer, spread } from "../../src/download/spread.ts";
import { BLOCK_LENGTH_BYTES } from "../../src/types.ts";
import { addPeer, stateWith } from "./scheduler-fixture.ts";

/** Blocks of each piece in these tests. */
const BLOCKS = 4;

/** The next block comes, and has to be asked for once more: only the pace counts here. */
function answerWithNothing(state: DownloadState, peer: PeerQueue, nowMs: number): void {
  const [key] = peer.inFlight.keys();
  const at = { piece: state.grid.pieceOf(key!), offset: state.grid.blockOf(key!) * BLOCK_LENGTH_BYTES };
  receiveBlock(state, peer, { block: { ...at, length: BLOCK_LENGTH_BYTES }, stored: false, nowMs });
}

interface SharingPeer {
  readonly msPerBlock?: number;
  readonly goodPieces?: number;
  readonly isSuspect?: boolean;
  readonly isDoubtful?: boolean;
}

/** Two urgent pieces, eight blocks, for these peers, which are given work in this order. */
function shareOf(peers: readonly SharingPeer[], { dueMs = 0, hashFailures = 0 } = {}): number[] {
  const { state } = stateWith([
    [0, dueMs],
    [1, dueMs],
  ]);
  state.counters.hashFailures = hashFailures;
  const queues = peers.map(({ msPerBlock, goodPieces = 1, isSuspect = false, isDoubtful = false }, index) => {
    const queue = addPeer(state, { key: index + 1, ...(msPerBlock !== undefined && { msPerBlock }) });
    queue.source.goodPieces = goodPieces;
    queue.source.isSuspect = isSuspect;
    if (isDoubtful) queue.doubt(7, 60_000);
    return queue;
  });
  spread(state, 0);
  for (const queue of queues) fill(state, queue, 0);
  return queues.map(({ inFlight }) => inFlight.size);
}

describe("blocks that are due now", () => {
  it.each([
    { title: "are shared by peers of one pace", peers: [50, 50, 50, 50], shares: [2, 2, 2, 2] },
    { title: "are shared by pace", peers: [50, 50, 100, 100], shares: [3, 3, 1, 1] },
    { title: "are left to the fast by the slow", peers: [20, 20, 400], shares: [4, 4, 0] },
    { title: "go to the only peer that there is", peers: [50], shares: [2 * BLOCKS] },
  ])("$title", ({ peers, shares }) => {
    expect(shareOf(peers.map((msPerBlock) => ({ msPerBlock })))).toEqual(shares);
  });

  it("are shared among those who have sent what was right; others take what their queues hold", () => {
    const trusted = { msPerBlock: 50 };
    expect(shareOf([trusted, trusted, { msPerBlock: 50, goodPieces: 0 }])).toEqual([4, 4, 0]);
    // As many as it would send sooner than somebody else all that is left.
    expect(shareOf([{ msPerBlock: 50, isSuspect: true }, trusted, trusted])).toEqual([5, 3, 0]);
  });

  it("are not left for those who have to show first that they have the piece", () => {
    const trusted = { msPerBlock: 50 };
    expect(shareOf([trusted, trusted, { msPerBlock: 50, isDoubtful: true }])).toEqual([4, 4, 0]);
    expect(shareOf([trusted, trusted, { msPerBlock: 50 }])).toEqual([3, 3, 2]);
    const dueMs = 5_000;
    expect(shareOf([trusted, trusted, { msPerBlock: 50, isDoubtful: true }], { dueMs })).toEqual([4, 4, 0]);
    expect(shareOf([trusted, trusted, { msPerBlock: 50 }], { dueMs })).toEqual([3, 3, 2]);
  });

  it("are shared by all at the start, until a piece is wrong", () => {
    const unknown = { goodPieces: 0 };
    expect(shareOf([unknown, unknown, unknown, unknown])).toEqual([2, 2, 2, 2]);
    expect(shareOf([unknown, unknown, unknown, unknown], { hashFailures: 1 })).toEqual([3, 3, 2, 0]);
  });

  it("are left for those of unknown pace at the start, whose queues are short", () => {
    const unknown = { goodPieces: 0 };
    expect(shareOf([unknown, unknown])).toEqual([3, 3]);
    // Two of them together are as fast as the one that is known.
    expect(shareOf([{ msPerBlock: 125, goodPieces: 0 }, unknown, unknown])).toEqual([4, 2, 2]);
  });

  it("are shared out anew when the pace of a peer becomes known: it does not take all that is left", () => {
    const { state } = stateWith([
      [0, 0],
      [1, 0],
    ]);
    const [first, second] = [1, 2].map((key) => addPeer(state, { key })) as [PeerQueue, PeerQueue];
    for (const queue of [first, second]) fill(state, queue, 0);
    answerWithNothing(state, first, 40);
    answerWithNothing(state, second, 40);
    answerWithNothing(state, first, 80);
    fill(state, first, 80);
    expect([first, second].map(({ inFlight }) => inFlight.size)).toEqual([4, 2]);
    expect(state.pieces.freeBlocks(0) + state.pieces.freeBlocks(1)).toBe(2);
  });

  it("and those that have time are shared as long as there are few: be it that they come from strangers", () => {
    const peers = [{ msPerBlock: 50 }, { msPerBlock: 50, goodPieces: 0 }];
    expect(shareOf(peers, { dueMs: 1_001 })).toEqual([4, 4]);
    expect(shareOf([{ msPerBlock: 50 }], { dueMs: 1_001 })).toEqual([8]);
  });

  it("are not left over for who has not all of them", () => {
    const { state } = stateWith([
      [0, 5_000],
      [1, 5_000],
    ]);
    const queues = [1, 2].map((key) =>
      addPeer(state, { key, msPerBlock: 50, pieces: key === 2 ? Uint8Array.of(0b0100_0000) : "all" }),
    );
    spread(state, 0);
    for (const queue of queues) fill(state, queue, 0);
    expect(queues.map(({ inFlight }) => inFlight.size)).toEqual([8, 0]);
  });

  it("are not shared where there are more than queues hold, and not due now", () => {
    const { state } = stateWith(Array.from({ length: 8 }, (_, piece) => [piece, 5_000] as const));
    const queues = [1, 2].map((key) => addPeer(state, { key, msPerBlock: 50 }));
    spread(state, 0);
    expect(queues.map(({ shareDepth }) => shareDepth)).toEqual([Infinity, Infinity]);
    for (const queue of queues) fill(state, queue, 0);
    expect(queues.map(({ inFlight }) => inFlight.size)).toEqual(queues.map((queue) => queue.depth()));
  });

  it("go where a block is about to be done, and less to who still sends what was taken back", () => {
    const { state } = stateWith([
      [0, 0],
      [1, 0],
    ]);
    const [ready, busy] = [addPeer(state, { key: 1, msPerBlock: 50 }), addPeer(state, { key: 2, msPerBlock: 50 })];
    for (const peer of [ready, busy]) peer.source.goodPieces = 1;
    const share = (isDone: (peer: PeerQueue) => number): number[] => {
      for (const peer of [ready, busy]) peer.sendingMs = () => isDone(peer);
      spread(state, 0);
      return [ready.urgentDepth, busy.urgentDepth];
    };
    expect(share(() => 0)).toEqual([4, 4]);
    expect(share((peer) => (peer === ready ? 0 : -100))).toEqual([5, 3]);
    expect(share((peer) => (peer === ready ? 50 : -50))).toEqual([5, 3]);
  });

  it("lie behind what a peer owes already", () => {
    const { state } = stateWith([
      [0, 0],
      [1, 0],
    ]);
    const queues = [1, 2].map((key) => addPeer(state, { key, msPerBlock: 50 }));
    for (const { source } of queues) source.goodPieces = 1;
    for (const key of [100, 101, 102, 103]) queues[0]!.noteRequest(key, 0);
    spread(state, 0);
    for (const queue of queues) fill(state, queue, 0);
    expect(queues.map(({ inFlight }) => inFlight.size)).toEqual([6, 6]);
  });
});

describe("at the start", () => {
  it("a peer that comes later takes over what was asked last of those who have most of it", () => {
    const { state, output } = stateWith([[0, 0]]);
    const first = addPeer(state, { key: 1 });
    const second = addPeer(state, { key: 2 });
    for (const queue of [first, second]) fill(state, queue, 0);
    const third = addPeer(state, { key: 3 });
    shareWithNewcomer(state, third, 10);
    state.outbox.flush();
    // Within one turn what is taken back was not even sent.
    expect([first, second, third].map(({ inFlight }) => inFlight.size)).toEqual([1, 2, 1]);
    expect(output.take()).toEqual(["request 1 0.0", "request 2 0.2 0.3", "request 3 0.1"]);
  });

  it.each([
    { title: "once somebody has sent a piece that is right", goodPieces: 1, hashFailures: 0, dueMs: 0 },
    { title: "once a piece was wrong", goodPieces: 0, hashFailures: 1, dueMs: 0 },
    { title: "of what has time", goodPieces: 0, hashFailures: 0, dueMs: 5_000 },
  ])("takes over nothing $title", ({ goodPieces, hashFailures, dueMs }) => {
    const { state } = stateWith([[0, dueMs]]);
    state.counters.hashFailures = hashFailures;
    const first = addPeer(state, { key: 1 });
    first.source.goodPieces = goodPieces;
    fill(state, first, 0);
    fill(state, addPeer(state, { key: 2 }), 0);
    const third = addPeer(state, { key: 3 });
    shareWithNewcomer(state, third, 10);
    expect(third.inFlight.size).toBe(0);
  });

  it("takes over nothing that it has not", () => {
    const { state } = stateWith([[0, 0]]);
    for (const key of [1, 2]) fill(state, addPeer(state, { key }), 0);
    const third = addPeer(state, { key: 3, pieces: Uint8Array.of(0b01111111) });
    shareWithNewcomer(state, third, 10);
    expect(third.inFlight.size).toBe(0);
  });
});

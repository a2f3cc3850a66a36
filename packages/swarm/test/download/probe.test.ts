import { describe, expect, it } from "vitest";
import { acceptBlock, releaseAllBlocks } from "../../src/download/block-requests.ts";
import { endgame } from "../../src/download/endgame.ts";
import { fill } from "../../src/download/fill.ts";
import type { PeerQueue } from "../../src/download/peer-queue.ts";
import { isSureOf } from "../../src/download/probe.ts";
import { doubt, endSilence, releaseOverdue } from "../../src/download/silence.ts";
import { addPeer, stateWith } from "./scheduler-fixture.ts";

const PIECES = 24;
const DUE_MS = 60_000;

describe("a peer that left a request unanswered", () => {
  it("is asked for one block of each piece, the last, which stays free for others", () => {
    const { state, doubtful, asked } = doubtfulSwarm();
    fill(state, doubtful, 0);
    expect(asked()).toEqual(Array.from({ length: 16 }, (_, index) => `request 1 ${index + 1}.3`));
    expect([doubtful.probes.size, state.pieces.freeBlocks(1)]).toEqual([16, 4]);
    fill(state, doubtful, 10);
    expect(asked()).toEqual([]);
  });

  it("is asked for the rest of a piece once it has sent the block", () => {
    const { state, doubtful, asked } = doubtfulSwarm();
    fill(state, doubtful, 0);
    expect([isSureOf(state, doubtful, 1), isSureOf(state, doubtful, 2)]).toEqual([false, false]);
    asked();
    answer(state, doubtful, 1);
    expect([isSureOf(state, doubtful, 1), isSureOf(state, doubtful, 2)]).toEqual([true, false]);
    fill(state, doubtful, 20);
    expect(asked()).toEqual(["request 1 1.0", "request 1 1.1", "request 1 1.2", "request 1 17.3"]);
    expect(state.pieces.freeBlocks(1)).toBe(0);
  });

  it("sends for nothing, and hears so, what another one has sent before", () => {
    const { state, doubtful, other, asked } = doubtfulSwarm();
    fill(state, doubtful, 0);
    fill(state, other, 0);
    asked();
    acceptBlock(state, state.pieces.get(1)!, { block: 3, source: other.source, sender: other });
    expect(asked()).toEqual(["cancel 1 1.3"]);
    expect(doubtful.probes.has(state.grid.key(1, 3))).toBe(false);
  });

  it("is no rival for whom others stand back, nor shall it help with a late block before it has shown that it can", () => {
    const { state, doubtful, other, asked } = doubtfulSwarm();
    for (const peer of state.peers.values()) releaseAllBlocks(state, peer);
    const slow = addPeer(state, { key: 3, msPerBlock: 3000 });
    state.order.setReader(0, [[5, 2000]], () => false);
    other.isChoking = true;
    state.ranked = [doubtful, slow];
    asked();
    fill(state, slow, 0);
    expect(asked()).toEqual(["request 3 5.0", "request 3 5.1"]);
    fill(state, addPeer(state, { key: 4, msPerBlock: 3000 }), 0);
    asked();
    endgame(state, 0);
    expect(asked()).toEqual([]);
  });

  it("lets go at once of what else it owes of pieces of which it has sent nothing", () => {
    const { state } = stateWith([
      [0, DUE_MS],
      [1, DUE_MS],
    ]);
    const peer = addPeer(state, { key: 1, msPerBlock: 10 });
    addPeer(state, { key: 2, msPerBlock: 10 });
    fill(state, peer, 0);
    acceptBlock(state, state.pieces.get(0)!, { block: 0, source: peer.source, sender: peer });
    doubt(state, peer, 5, 0);
    // Three blocks of piece 0 are on their way; the four of piece 1 may be lies.
    expect([state.pieces.freeBlocks(0), state.pieces.freeBlocks(1)]).toEqual([0, 4]);
    expect(peer.inFlight.size).toBe(7);
  });

  it("may do so while it is silent: when it speaks again, it does not hold what it has not shown", () => {
    const { state } = stateWith([[0, DUE_MS]]);
    const peer = addPeer(state, { key: 1, msPerBlock: 10 });
    addPeer(state, { key: 2, msPerBlock: 10 });
    fill(state, peer, 0);
    expect(releaseOverdue(state, 2000)).toBe(true);
    doubt(state, peer, 5, 2000);
    endSilence(state, peer);
    expect([peer.isSilent, peer.probes.size, state.pieces.freeBlocks(0)]).toEqual([false, 4, 4]);
    releaseAllBlocks(state, peer);
    expect([peer.probes.size, state.pieces.freeBlocks(0)]).toEqual([0, 4]);
  });
});

/** Peer 1 dropped a request of piece 0, which peer 2 has as well. */
function doubtfulSwarm() {
  const { state, output } = stateWith(
    Array.from({ length: PIECES }, (_, piece) => [piece, DUE_MS + piece] as const),
    PIECES,
  );
  const doubtful = addPeer(state, { key: 1, msPerBlock: 10 });
  const other = addPeer(state, { key: 2, msPerBlock: 10 });
  doubt(state, doubtful, 0, 0);
  const asked = (): string[] => {
    state.outbox.flush();
    return output.take().flatMap((said) => {
      const [verb, peer, ...blocks] = said.split(" ");
      return blocks.map((block) => `${verb} ${peer} ${block}`);
    });
  };
  return { state, doubtful, other, asked };
}

/** The peer sends the block of the piece that it was asked for. */
function answer(state: ReturnType<typeof stateWith>["state"], peer: PeerQueue, piece: number): void {
  acceptBlock(state, state.pieces.get(piece)!, { block: 3, source: peer.source, sender: peer });
}

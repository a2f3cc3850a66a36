import { describe, expect, it } from "vitest";
import { requestBlock } from "../../src/download/block-requests.ts";
import type { DownloadState } from "../../src/download/download-state.ts";
import { endgame } from "../../src/download/endgame.ts";
import type { PeerQueue } from "../../src/download/peer-queue.ts";
import { addPeer, stateWith } from "./scheduler-fixture.ts";

function ask(state: DownloadState, peer: PeerQueue, piece: number, blocks: readonly number[]): void {
  const assembly = state.pieces.get(piece) ?? state.pieces.open(piece);
  for (const block of blocks) requestBlock(state, peer, { assembly, block, nowMs: 0 });
  state.outbox.flush();
}

/** Piece 0 is urgent; the slow peer 1 owes two of its blocks, the fast peer 2 the others and all of piece 1. */
function lateSwarm({ dueMs = 0, latencyMs = 0 } = {}) {
  const { state, output } = stateWith([
    [0, dueMs],
    [1, dueMs + 8000],
  ]);
  const slow = addPeer(state, { key: 1, msPerBlock: 400 });
  const fast = addPeer(state, { key: 2, msPerBlock: 20, latencyMs });
  ask(state, slow, 0, [0, 1]);
  ask(state, fast, 0, [2, 3]);
  ask(state, fast, 1, [0, 1, 2, 3]);
  output.take();
  return { state, output, slow, fast };
}

function run(state: DownloadState): void {
  endgame(state, 0);
  state.outbox.flush();
}

describe("the endgame of an urgent piece", () => {
  it("asks the fast peer for late blocks too, and takes its later work back first", () => {
    const { state, output } = lateSwarm();
    run(state);
    // The later work follows again behind the copies: it was taken back to make way.
    expect(output.take()).toEqual(["cancel 2 1.0 1.1 1.2 1.3", "request 2 0.1 0.0 1.0 1.1 1.2 1.3"]);
    expect(state.counters.duplicateRequests).toBe(2);
    run(state);
    expect(output.take()).toEqual([]);
  });

  it("leaves to the fast peer what is on its way already: it would come all the same, and once more", () => {
    const { state, output } = lateSwarm({ latencyMs: 60 });
    run(state);
    expect(output.take()).toEqual(["cancel 2 1.1 1.2 1.3", "request 2 0.1 0.0 1.1 1.2 1.3"]);
  });

  it.each([
    { title: "the piece has time", prepare: () => lateSwarm({ dueMs: 5001 }) },
    {
      title: "the piece still has free blocks",
      prepare: () => {
        const swarm = lateSwarm();
        swarm.state.pieces.get(0)?.unask(3, false);
        swarm.fast.inFlight.delete(swarm.state.grid.key(0, 3));
        return swarm;
      },
    },
    {
      title: "the fast peer is not proven",
      prepare: () => {
        const swarm = lateSwarm();
        swarm.fast.forgetRate();
        return swarm;
      },
    },
    {
      title: "the fast peer lacks the piece",
      prepare: () => {
        const swarm = lateSwarm();
        swarm.fast.setPieces(Uint8Array.of(0b01111111));
        return swarm;
      },
    },
    {
      title: "the fast peer is suspected",
      prepare: () => {
        const swarm = lateSwarm();
        swarm.fast.source.isSuspect = true;
        swarm.state.areSuspectsApart = true;
        return swarm;
      },
    },
    {
      title: "nothing may be asked for",
      prepare: () => {
        const swarm = lateSwarm();
        swarm.state.isPaused = true;
        return swarm;
      },
    },
  ])("doubles nothing while $title", ({ prepare }) => {
    const { state, output } = prepare();
    run(state);
    expect(output.take()).toEqual([]);
  });

  it("doubles nothing that the helper would have hardly sooner", () => {
    const { state, output } = stateWith([[0, 0]]);
    const first = addPeer(state, { key: 1, msPerBlock: 100 });
    const second = addPeer(state, { key: 2, msPerBlock: 90 });
    ask(state, first, 0, [0, 1]);
    ask(state, second, 0, [2, 3]);
    output.take();
    run(state);
    expect(output.take()).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import { fill, isDominated } from "../../src/download/fill.ts";
import { addPeer, stateWith } from "./scheduler-fixture.ts";

/** Bits of piece 1 alone, piece 0 alone. */
const ONLY_PIECE_1 = Uint8Array.of(0b01000000);
const ONLY_PIECE_0 = Uint8Array.of(0b10000000);

describe("filling a peer", () => {
  it("takes wanted blocks in the order of their deadlines, up to its depth", () => {
    const { state, output } = stateWith([
      [2, 9000],
      [0, 5000],
    ]);
    fill(state, addPeer(state, { key: 1, msPerBlock: 100 }), 0);
    state.outbox.flush();
    expect(output.take()).toEqual(["request 1 0.0 0.1 0.2 0.3 2.0 2.1"]);
  });

  it("asks for nothing that it lacks, until it has it", () => {
    const { state, output } = stateWith([[0, 5000]]);
    const peer = addPeer(state, { key: 1, msPerBlock: 250, pieces: ONLY_PIECE_1.slice() });
    fill(state, peer, 0);
    state.outbox.flush();
    expect(output.take()).toEqual([]);
    peer.setPieces("all");
    fill(state, peer, 0);
    state.outbox.flush();
    expect(output.take()).toEqual(["request 1 0.0 0.1 0.2"]);
  });

  it("looks again after blocks became free", () => {
    const { state, output } = stateWith([[0, 60_000]]);
    const first = addPeer(state, { key: 1, msPerBlock: 50 });
    const second = addPeer(state, { key: 2, msPerBlock: 50 });
    fill(state, first, 0);
    fill(state, second, 0);
    state.outbox.flush();
    expect(output.take()).toEqual(["request 1 0.0 0.1 0.2 0.3"]);
    state.pieces.get(0)?.silence(0);
    state.order.rewind();
    fill(state, second, 0);
    state.outbox.flush();
    expect(output.take()).toEqual(["request 2 0.0"]);
  });

  it.each([
    { title: "chokes", spoil: { isChoking: true } },
    { title: "is banned", spoil: { isBanned: true } },
    { title: "is silent", spoil: { silentSinceMs: 0 } },
  ])("asks nothing of a peer that $title", ({ spoil }) => {
    const { state } = stateWith([[0, 5000]]);
    const peer = addPeer(state, { key: 1, msPerBlock: 100 });
    Object.assign(peer, spoil);
    fill(state, peer, 0);
    expect(peer.inFlight.size).toBe(0);
  });

  it("asks nothing while paused", () => {
    const { state } = stateWith([[0, 5000]]);
    const peer = addPeer(state, { key: 1, msPerBlock: 100 });
    state.isPaused = true;
    fill(state, peer, 0);
    expect(peer.inFlight.size).toBe(0);
  });
});

describe("a slow peer", () => {
  it("leaves an urgent piece to a peer that fetches all of it sooner, and works on what has time", () => {
    const { state, output } = stateWith([
      [0, 0],
      [1, 5000],
    ]);
    const slow = addPeer(state, { key: 1, msPerBlock: 300 });
    addPeer(state, { key: 2, msPerBlock: 10 });
    fill(state, slow, 0);
    state.outbox.flush();
    expect(output.take()).toEqual(["request 1 1.0 1.1 1.2"]);
  });

  it("helps with an urgent piece when nobody is clearly faster", () => {
    const { state, output } = stateWith([[0, 0]]);
    const slow = addPeer(state, { key: 1, msPerBlock: 300 });
    addPeer(state, { key: 2, msPerBlock: 100 });
    fill(state, slow, 0);
    state.outbox.flush();
    expect(output.take()).toEqual(["request 1 0.0"]);
  });

  it("does not stand back for a fast peer that lacks the piece", () => {
    const { state, output } = stateWith([[0, 0]]);
    const slow = addPeer(state, { key: 1, msPerBlock: 300, pieces: ONLY_PIECE_0.slice() });
    addPeer(state, { key: 2, msPerBlock: 10, pieces: ONLY_PIECE_1.slice() });
    fill(state, slow, 0);
    state.outbox.flush();
    expect(output.take()).toEqual(["request 1 0.0 0.1 0.2"]);
  });

  it("does not stand back for a fast peer that chokes", () => {
    const { state, output } = stateWith([[0, 0]]);
    const slow = addPeer(state, { key: 1, msPerBlock: 300 });
    addPeer(state, { key: 2, msPerBlock: 10 }).isChoking = true;
    fill(state, slow, 0);
    state.outbox.flush();
    expect(output.take()).toEqual(["request 1 0.0 0.1 0.2"]);
  });

  it.each([
    { mineMs: 300, rivalMs: 200, dominated: true },
    { mineMs: 300, rivalMs: 228, dominated: false },
    { mineMs: 60, rivalMs: 0, dominated: true },
    { mineMs: 50, rivalMs: 0, dominated: false },
  ])("with $mineMs ms to go against $rivalMs ms is dominated: $dominated", ({ mineMs, rivalMs, dominated }) => {
    expect(isDominated(mineMs, rivalMs)).toBe(dominated);
  });
});

describe("a suspect", () => {
  it("works only on pieces of its own while somebody is being looked for", () => {
    const { state, output } = stateWith([
      [0, 5000],
      [1, 6000],
    ]);
    const honest = addPeer(state, { key: 1, msPerBlock: 250 });
    const suspect = addPeer(state, { key: 2, msPerBlock: 250 });
    fill(state, honest, 0);
    state.pieces.get(0)?.arrive(0, honest.source);
    suspect.source.isSuspect = true;
    state.areSuspectsApart = true;
    fill(state, suspect, 0);
    state.outbox.flush();
    expect(output.take()).toEqual(["request 1 0.0 0.1 0.2", "request 2 1.0 1.1 1.2"]);
  });
});

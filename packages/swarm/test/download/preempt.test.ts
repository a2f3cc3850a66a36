import { describe, expect, it } from "vitest";
import { fill } from "../../src/download/fill.ts";
import { preempt } from "../../src/download/preempt.ts";
import { addPeer, stateWith } from "./scheduler-fixture.ts";

const none = () => false;

describe("urgent free blocks", () => {
  it.each([
    {
      title: "take back all later work, newest first, but the block that is being sent",
      urgent: [[4, -3000]],
      said: ["cancel 1 2.3 2.2 2.1 2.0 0.3 0.2 0.1"],
    },
    {
      title: "take back what is due a second after them, and nothing else",
      urgent: [[4, 3500]],
      nowMs: 3500,
      said: ["cancel 1 2.3 2.2 2.1 2.0"],
    },
    { title: "take back nothing that is due within a second of them", urgent: [[4, 4000]], nowMs: 3500, said: [] },
    { title: "take back nothing while they have time", urgent: [[4, 1001]], said: [] },
  ] as const)("$title", (row) => {
    const later = [
      [0, 4000],
      [2, 5000],
    ] as const;
    const { state, output } = stateWith(later);
    fill(state, addPeer(state, { key: 1, msPerBlock: 60 }), 0);
    state.outbox.flush();
    expect(output.take()).toEqual(["request 1 0.0 0.1 0.2 0.3 2.0 2.1 2.2 2.3"]);
    state.order.setReader(1, row.urgent, none);
    preempt(state, "nowMs" in row ? row.nowMs : 0);
    state.outbox.flush();
    expect(output.take()).toEqual(row.said);
  });

  it("leave alone what has left a distant peer before it hears of them", () => {
    const { state, output } = stateWith([[0, 4000]]);
    const peer = addPeer(state, { key: 1 });
    peer.noteRequest(-1, 0);
    // A round trip of 70 ms, and a block every 60 ms.
    for (let block = 0; block < 40; block += 1) peer.noteBlock(130 + 60 * block);
    peer.inFlight.delete(-1);
    const nowMs = 130 + 60 * 40;
    fill(state, peer, nowMs);
    state.outbox.flush();
    expect(output.take()).toEqual(["request 1 0.0 0.1 0.2 0.3"]);
    expect(peer.blocksUnderWay).toBe(2);
    state.order.setReader(1, [[4, -3000]], none);
    preempt(state, nowMs);
    state.outbox.flush();
    expect(output.take()).toEqual(["cancel 1 0.3 0.2"]);
  });

  it("leave the work of a peer alone that could not fetch them", () => {
    const { state, output } = stateWith([[0, 4000]]);
    fill(state, addPeer(state, { key: 1, msPerBlock: 60, pieces: Uint8Array.of(0b10000000) }), 0);
    state.outbox.flush();
    output.take();
    state.order.setReader(1, [[4, -3000]], none);
    preempt(state, 0);
    state.outbox.flush();
    expect(output.take()).toEqual([]);
  });

  it("count from the earliest piece that has free blocks, not from one that is all asked for", () => {
    const { state, output } = stateWith([
      [0, -5000],
      [2, -1500],
    ]);
    fill(state, addPeer(state, { key: 1, msPerBlock: 60 }), 0);
    state.order.setReader(1, [[4, -2000]], none);
    preempt(state, 0);
    state.outbox.flush();
    // Piece 2 is due within a second of piece 4, though not of piece 0.
    expect(output.take()).toEqual(["request 1 0.0 0.1 0.2 0.3 2.0 2.1 2.2 2.3"]);
  });
});

import { describe, expect, it } from "vitest";
import { fill } from "../../src/download/fill.ts";
import { preempt } from "../../src/download/preempt.ts";
import { addPeer, stateWith } from "./scheduler-fixture.ts";

const none = () => false;

describe("urgent free blocks", () => {
  it.each([
    {
      title: "take back later work, newest first",
      urgent: [[4, -3000]],
      said: ["cancel 1 2.3 2.2 2.1 2.0"],
    },
    { title: "take back nothing that is due within a second of them", urgent: [[4, 4000]], nowMs: 3500, said: [] },
    { title: "take back nothing while they have time", urgent: [[4, 1001]], said: [] },
    {
      title: "take back as much as they need",
      urgent: [
        [4, -3000],
        [5, -2900],
      ],
      said: ["cancel 1 2.3 2.2 2.1 2.0 0.3 0.2 0.1 0.0"],
    },
    {
      title: "count only with what is due soon after the first of them",
      urgent: [
        [4, -3000],
        [5, -2400],
      ],
      said: ["cancel 1 2.3 2.2 2.1 2.0"],
    },
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

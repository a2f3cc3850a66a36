import { describe, expect, it } from "vitest";
import { fill } from "../../src/download/fill.ts";
import { endSilence, releaseOverdue } from "../../src/download/silence.ts";
import { addPeer, stateWith } from "./scheduler-fixture.ts";

function silentSwarm() {
  const { state, output } = stateWith([[0, 5000]]);
  const peer = addPeer(state, { key: 1 });
  fill(state, peer, 0);
  state.outbox.flush();
  output.take();
  return { state, output, peer };
}

describe("a peer that sends nothing", () => {
  it("keeps its requests, but their blocks are free for others and it gets no more", () => {
    const { state, output, peer } = silentSwarm();
    expect(releaseOverdue(state, 1000)).toBe(false);
    expect(releaseOverdue(state, 1001)).toBe(true);
    fill(state, peer, 1001);
    state.outbox.flush();
    expect(output.take()).toEqual([]);
    expect([peer.isSilent, peer.inFlight.size, state.pieces.freeBlocks(0)]).toEqual([true, 3, 4]);
  });

  it("owes what it owed when it speaks again", () => {
    const { state, peer } = silentSwarm();
    releaseOverdue(state, 1001);
    endSilence(state, peer);
    expect([peer.isSilent, state.pieces.freeBlocks(0)]).toEqual([false, 1]);
    endSilence(state, peer);
    expect(state.pieces.freeBlocks(0)).toBe(1);
  });

  it("is tried again with one request after ten seconds, then after twenty", () => {
    const { state, output, peer } = silentSwarm();
    const probesAt: number[] = [];
    for (let nowMs = 1001; nowMs < 40_000; nowMs += 50) {
      releaseOverdue(state, nowMs);
      fill(state, peer, nowMs);
      state.outbox.flush();
      if (output.take().some((said) => said === "request 1 0.0")) probesAt.push(Math.round(nowMs / 1000));
    }
    expect(probesAt).toEqual([11, 32]);
  });
});

describe("a request that was lost", () => {
  it("is taken back after five seconds while others are answered", () => {
    const { state, output } = stateWith([
      [0, 5000],
      [1, 6000],
    ]);
    const peer = addPeer(state, { key: 1, msPerBlock: 100 });
    fill(state, peer, 0);
    state.outbox.flush();
    output.take();
    let nowMs = 0;
    const isReleased: boolean[] = [];
    for (; nowMs <= 5000; nowMs += 100) {
      peer.noteBlock(nowMs);
      isReleased.push(releaseOverdue(state, nowMs));
    }
    expect(isReleased.indexOf(true)).toBe(50);
    state.outbox.flush();
    expect(output.take()).toEqual(["cancel 1 0.0"]);
    expect(peer.wasAsked(state.grid.key(0, 0))).toBe(true);
  });

  it("is waited for longer behind a long queue of a slow peer", () => {
    const { state } = stateWith([
      [0, 60_000],
      [1, 61_000],
      [2, 62_000],
    ]);
    const peer = addPeer(state, { key: 1, msPerBlock: 40 });
    fill(state, peer, 0);
    const owed = peer.inFlight.size;
    const patienceMs = 4 * owed * 400;
    let nowMs = 0;
    // Its pace is known to be 400 ms after 8 s, when 5 s are long over.
    for (; nowMs <= 8000 || !releaseOverdue(state, nowMs); nowMs += 400) peer.noteBlock(nowMs);
    expect(nowMs / patienceMs).toBeCloseTo(1, 1);
  });
});

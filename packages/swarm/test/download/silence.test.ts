import { describe, expect, it } from "vitest";
import { recallBlock, releaseAllBlocks } from "../../src/download/block-requests.ts";
import { fill } from "../../src/download/fill.ts";
import { doubt, endSilence, releaseOverdue } from "../../src/download/silence.ts";
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

  it.each([
    {
      title: "gains no time when all is taken back and asked for anew",
      freeForMs: 50,
      isExcused: false,
      silentAtMs: 1050,
    },
    {
      title: "has its full time after a pause in which it owed nothing",
      freeForMs: 250,
      isExcused: false,
      silentAtMs: 1750,
    },
    { title: "has its full time once it rejects or chokes", freeForMs: 50, isExcused: true, silentAtMs: 1550 },
  ])("$title", ({ freeForMs, isExcused, silentAtMs }) => {
    const { state, peer } = silentSwarm();
    let askedAtMs = 0;
    for (let nowMs = 0; !peer.isSilent && nowMs < 5000; nowMs += 50) {
      releaseOverdue(state, nowMs);
      if (nowMs === 450) {
        for (const key of peer.inFlight.keys()) recallBlock(state, peer, key);
        if (isExcused) peer.excuse();
      }
      if (nowMs < 450 + freeForMs || peer.inFlight.size > 0) continue;
      fill(state, peer, nowMs);
      askedAtMs = nowMs;
    }
    expect([askedAtMs, peer.silentSinceMs]).toEqual([450 + freeForMs, silentAtMs]);
  });

  it("is not a viewer's who seeks so fast that nothing can be answered", () => {
    const { state, peer } = silentSwarm();
    for (let nowMs = 0; nowMs < 3000; nowMs += 50) {
      releaseOverdue(state, nowMs);
      expect(peer.isSilent).toBe(false);
      for (const key of peer.inFlight.keys()) recallBlock(state, peer, key);
      fill(state, peer, nowMs);
    }
    // The last of the seeks: nothing takes that back.
    for (let nowMs = 3000; !peer.isSilent && nowMs < 5000; nowMs += 50) releaseOverdue(state, nowMs);
    expect(peer.silentSinceMs).toBe(3050);
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
      if (output.take().some((said) => said === "request 1 0.3")) probesAt.push(Math.round(nowMs / 1000));
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

  it("is taken back after a second once sixteen later ones were answered", () => {
    const { state, output } = stateWith(Array.from({ length: 8 }, (_, piece) => [piece, 5000 + piece] as const));
    const peer = addPeer(state, { key: 1, msPerBlock: 20 });
    fill(state, peer, 0);
    state.outbox.flush();
    const [dropped, ...later] = peer.inFlight.keys();
    const answer = (key: number): void => {
      peer.noteAnswer(key);
      peer.inFlight.delete(key);
    };
    for (const key of later.slice(0, 15)) answer(key);
    peer.noteBlock(1000);
    expect([peer.overtakings, releaseOverdue(state, 1000)]).toEqual([15, false]);
    answer(later[15]!);
    peer.noteBlock(1000);
    expect(releaseOverdue(state, 999)).toBe(false);
    expect(releaseOverdue(state, 1000)).toBe(true);
    expect([peer.inFlight.has(dropped!), peer.overtakings]).toEqual([false, 0]);
    state.outbox.flush();
    expect(output.take()).toContain("cancel 1 0.0");
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

describe("a piece of which a request was lost", () => {
  it("is asked of others, and of that peer not for a minute", () => {
    const { peer, askedOf } = lose([2]);
    expect([peer.has(0), peer.offers(0), peer.offers(1)]).toEqual([true, false, true]);
    expect([askedOf(1, 5001), askedOf(2, 5001), askedOf(1, 64_999), askedOf(1, 65_000)]).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });

  it("is asked of it again when nobody else has it", () => {
    expect(lose([]).askedOf(1, 5001)).toBe(true);
  });

  it("is asked of it again as soon as nobody else has it any more; who has it last is not doubted", () => {
    const left = lose([2]);
    left.state.peers.delete(2);
    expect(left.askedOf(1, 5001)).toBe(true);
    const doubted = lose([2]);
    doubt(doubted.state, doubted.state.peers.get(2)!, 0, 6000);
    expect([doubted.askedOf(2, 6000), doubted.askedOf(1, 6000)]).toEqual([true, false]);
  });
});

/** Peer 1 drops a request of piece 0, which these others have, too. */
function lose(others: readonly number[]) {
  const { state, output } = stateWith([[0, 5000]]);
  const peer = addPeer(state, { key: 1, msPerBlock: 100 });
  fill(state, peer, 0);
  for (const key of others) addPeer(state, { key, msPerBlock: 100 });
  peer.noteBlock(5000);
  expect(releaseOverdue(state, 5000)).toBe(true);
  const askedOf = (key: number, nowMs: number): boolean => {
    for (const other of state.peers.values()) releaseAllBlocks(state, other);
    output.take();
    releaseOverdue(state, nowMs);
    fill(state, state.peers.get(key)!, nowMs);
    state.outbox.flush();
    return output.take().some((said) => said.startsWith(`request ${key} `));
  };
  return { state, peer, askedOf };
}

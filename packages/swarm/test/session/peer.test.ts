import { describe, expect, it } from "vitest";
import { fakePeer } from "./fake-peer.ts";

describe("what a peer is told that we have", () => {
  it.each<[what: string, pieces: number, isComplete: boolean, supportsFast: boolean, told: unknown[]]>([
    ["nothing", 0x00, false, true, [["haveNone"]]],
    ["nothing", 0x00, false, false, []],
    ["some", 0x50, false, true, [["bitfield", Uint8Array.of(0x50)]]],
    ["some", 0x50, false, false, [["bitfield", Uint8Array.of(0x50)]]],
    ["all", 0xf0, true, true, [["haveAll"]]],
    ["all", 0xf0, true, false, [["bitfield", Uint8Array.of(0xf0)]]],
  ])("is %s (%#)", (_what, pieces, isComplete, supportsFast, told) => {
    const { peer, wire } = fakePeer(1, { supportsFast });
    peer.announce(Uint8Array.of(pieces), { isComplete });
    expect(wire.take()).toEqual(told);
  });

  it.each([true, false])("is said one by one once it was told something (fast: %s)", (supportsFast) => {
    const { peer, wire } = fakePeer(1, { supportsFast });
    peer.announceNothing();
    wire.take();
    peer.announce(Uint8Array.of(0x90), { isComplete: false });
    expect(wire.take()).toEqual([
      ["have", 0],
      ["have", 3],
    ]);
  });

  it("is told once more that we are interested when it has said what it has, and not oftener", () => {
    const { peer, wire } = fakePeer(1);
    peer.hopeForPieces();
    expect(wire.take()).toEqual([["interested"]]);
    for (const isInteresting of [true, true, false, false, true]) peer.setInterested(isInteresting);
    expect(wire.take()).toEqual([["interested"], ["notInterested"], ["interested"]]);
    peer.hopeForPieces();
    wire.take();
    for (const isInteresting of [false, false]) peer.setInterested(isInteresting);
    expect(wire.take()).toEqual([["notInterested"]]);
  });
});

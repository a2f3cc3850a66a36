import { describe, expect, it } from "vitest";
import { fakePeer, remoteHandshake, silentPeer } from "./fake-peer.ts";

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

  it.each([true, false])("is what has come since it was told before it spoke (fast: %s)", (supportsFast) => {
    const { peer, wire } = silentPeer(1);
    peer.speakFirst(Uint8Array.of(0x40));
    expect(wire.take()).toEqual([["bitfield", Uint8Array.of(0x40)], ["interested"]]);
    peer.onHandshake(remoteHandshake(1, { supportsFast }));
    peer.announce(Uint8Array.of(0xd0), { isComplete: false });
    expect(wire.take()).toEqual([
      ["have", 0],
      ["have", 3],
    ]);
  });

  it("is told once more that we are interested when it has said what it has, and not oftener", () => {
    const { peer, wire } = silentPeer(1);
    peer.speakFirst(Uint8Array.of(0));
    peer.onHandshake(remoteHandshake(1));
    wire.take();
    for (const isInteresting of [true, true, false, false, true]) peer.setInterested(isInteresting);
    expect(wire.take()).toEqual([["interested"], ["notInterested"], ["interested"]]);
    peer.hopeForPieces();
    wire.take();
    for (const isInteresting of [false, false]) peer.setInterested(isInteresting);
    expect(wire.take()).toEqual([["notInterested"]]);
  });

  it("waits for its handshake where it is long", () => {
    const { peer, wire } = silentPeer(1);
    peer.speakFirst(new Uint8Array(8 * 1024 + 1));
    expect([wire.take(), peer.didSpeakFirst]).toEqual([[], false]);
    peer.onHandshake(remoteHandshake(1));
    peer.announce(Uint8Array.of(0x40), { isComplete: false });
    expect(wire.take()).toEqual([["bitfield", Uint8Array.of(0x40)]]);
  });
});

import { describe, expect, it } from "vitest";
import { addressKey } from "../../src/session/address-book.ts";
import { PeerExchange } from "../../src/session/peer-exchange.ts";
import type { PeerAddress } from "../../src/types.ts";
import { encodePeerExchange, parsePeerExchange, UT_PEX_ID } from "../../src/wire/index.ts";
import { type FakePeer, fakeAddress, fakePeer } from "./fake-peer.ts";
import { virtualTime } from "./virtual-time.ts";

const THEIR_PEX_ID = 9;

function setUp(peerCount: number) {
  const clock = virtualTime();
  const peers = new Map<number, FakePeer>();
  const add = (number: number): FakePeer => {
    const fake = fakePeer(number);
    peers.set(number, fake);
    return fake;
  };
  for (let number = 1; number <= peerCount; number += 1) add(number);
  const found: PeerAddress[][] = [];
  const deaf = new Set<unknown>();
  const exchange = new PeerExchange({
    clock,
    peers: () => [...peers.values()].map(({ peer }) => peer),
    pexIdOf: (peer) => (deaf.has(peer) ? undefined : THEIR_PEX_ID),
    found: (addresses) => found.push([...addresses]),
  });
  return { clock, peers, add, found, deaf, exchange };
}

/** What the peer was told since the last time: one entry for each message. */
function told({ wire }: FakePeer): { added: string[]; dropped: string[] }[] {
  return wire.take().map(([name, id, payload]) => {
    expect([name, id]).toEqual(["extended", THEIR_PEX_ID]);
    const news = payload instanceof Uint8Array ? parsePeerExchange(payload) : null;
    return {
      added: news!.added.map(({ address }) => addressKey(address)),
      dropped: news!.dropped.map(addressKey),
    };
  });
}

function keys(...numbers: number[]): string[] {
  return numbers.map((number) => addressKey(fakeAddress(number)));
}

function message(...numbers: number[]): Uint8Array {
  const added = numbers.map((number) => ({
    address: fakeAddress(number),
    prefersEncryption: false,
    isSeed: false,
  }));
  return encodePeerExchange({ added, dropped: [] });
}

describe("PeerExchange", () => {
  it("tells a newcomer of the others within a second, and nobody of itself", async () => {
    const { clock, peers } = setUp(3);
    await clock.advance(1_000);
    expect(told(peers.get(1)!)).toEqual([{ added: keys(2, 3), dropped: [] }]);
    expect(told(peers.get(3)!)).toEqual([{ added: keys(1, 2), dropped: [] }]);
  });

  it("tells what changed, more than a minute later and only then", async () => {
    const { clock, peers, add } = setUp(3);
    await clock.advance(1_000);
    told(peers.get(1)!);
    peers.delete(2);
    add(4);
    await clock.advance(60_000);
    expect(told(peers.get(1)!)).toEqual([]);
    await clock.advance(5_000);
    expect(told(peers.get(1)!)).toEqual([{ added: keys(4), dropped: keys(2) }]);
    await clock.advance(600_000);
    expect(told(peers.get(1)!)).toEqual([]);
    // Nothing was told for long: news go out at once.
    add(5);
    await clock.advance(1_000);
    expect(told(peers.get(1)!)).toEqual([{ added: keys(5), dropped: [] }]);
  });

  it("tells 50 peers at a time, and the rest later", async () => {
    const { clock, peers } = setUp(60);
    await clock.advance(1_000);
    const first = told(peers.get(1)!)[0]!.added;
    await clock.advance(65_000);
    const second = told(peers.get(1)!)[0]!.added;
    expect([first.length, second.length]).toEqual([50, 9]);
    expect(new Set([...first, ...second]).size).toBe(59);
  });

  it("tells of no peer whose listening port is unknown", async () => {
    const { clock, peers } = setUp(2);
    peers.get(2)!.peer.listenAddress = undefined;
    await clock.advance(1_000);
    expect(told(peers.get(1)!)).toEqual([]);
    expect(told(peers.get(2)!)).toEqual([{ added: keys(1), dropped: [] }]);
  });

  it("tells nothing to a peer that does not know the extension", async () => {
    const { clock, peers, deaf } = setUp(2);
    deaf.add(peers.get(1)!.peer);
    await clock.advance(10_000);
    expect([told(peers.get(1)!).length, told(peers.get(2)!).length]).toEqual([0, 1]);
  });

  it("learns what a peer tells, but not more often than every half minute", async () => {
    const { clock, peers, found, exchange } = setUp(2);
    const { peer } = peers.get(1)!;
    const other = peers.get(2)!.peer;
    exchange.extended(peer, UT_PEX_ID, message(7, 8));
    exchange.extended(peer, UT_PEX_ID, message(9));
    exchange.extended(other, UT_PEX_ID, message(10));
    await clock.advance(30_000);
    exchange.extended(peer, UT_PEX_ID, message(11));
    expect(found).toEqual([[fakeAddress(7), fakeAddress(8)], [fakeAddress(10)], [fakeAddress(11)]]);
  });

  it.each<[string, number, Uint8Array]>([
    ["garbage", UT_PEX_ID, Buffer.from("d5:added")],
    ["another extension", 1, message(7)],
  ])("learns nothing from %s", (_what, id, payload) => {
    const { peers, found, exchange } = setUp(1);
    exchange.extended(peers.get(1)!.peer, id, payload);
    expect(found).toEqual([]);
  });

  it("tells nobody of an address that only this machine can dial", async () => {
    const { clock, peers } = setUp(3);
    peers.get(1)!.peer.listenAddress = { host: "fe80::1%eth0", port: 6881 };
    peers.get(2)!.peer.listenAddress = { host: "2001:db8::2", port: 6881 };
    await clock.advance(1_000);
    expect(told(peers.get(3)!)).toEqual([{ added: ["[2001:db8::2]:6881"], dropped: [] }]);
  });

  it("neither tells nor learns once it is closed", async () => {
    const { clock, peers, found, exchange } = setUp(2);
    exchange.close();
    exchange.extended(peers.get(1)!.peer, UT_PEX_ID, message(7));
    await clock.advance(100_000);
    expect([found, told(peers.get(1)!), clock.pendingTimers]).toEqual([[], [], 0]);
  });
});

import { assert, constantFrom, dictionary, property, uint8Array } from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeBencode } from "../../src/metainfo/bencode.ts";
import type { PeerAddress } from "../../src/types.ts";
import { encodeCompactPeer } from "../../src/wire/compact-peer.ts";
import { encodePeerExchange, MAX_PEX_PEERS, parsePeerExchange } from "../../src/wire/index.ts";

const IPV4: PeerAddress = { host: "10.1.2.3", port: 6881 };
const IPV4_BYTES = Uint8Array.of(10, 1, 2, 3, 0x1a, 0xe1);
const IPV6: PeerAddress = { host: "2001:db8::1:2", port: 51_413 };
const IPV6_BYTES = Uint8Array.of(0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0xc8, 0xd5);

function manyAddresses(count: number): PeerAddress[] {
  return Array.from({ length: count }, (_, index) => ({
    host: `10.0.${index >> 8}.${index & 255}`,
    port: 1000 + index,
  }));
}

describe("encodeCompactPeer", () => {
  it.each([
    ["IPv4", IPV4, IPV4_BYTES],
    ["IPv6", IPV6, IPV6_BYTES],
    ["the shortest IPv6", { host: "::1", port: 1 }, Uint8Array.of(...new Uint8Array(15), 1, 0, 1)],
    [
      "IPv6 in full",
      { host: "1:2:3:4:5:6:7:8", port: 65_535 },
      Uint8Array.of(0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8, 255, 255),
    ],
    ["IPv6 that ends in zeros", { host: "fe80::", port: 2 }, Uint8Array.of(0xfe, 0x80, ...new Uint8Array(14), 0, 2)],
    [
      "IPv6 with an IPv4 tail",
      { host: "64:ff9b::10.1.2.3", port: 2 },
      Uint8Array.of(0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 10, 1, 2, 3, 0, 2),
    ],
  ])("spells %s", (_, address, bytes) => {
    expect(encodeCompactPeer(address)).toEqual(bytes);
  });
});

describe("peer exchange", () => {
  it("carries what it was given, and its flags beside the right peer", () => {
    const exchange = {
      added: [
        { address: IPV4, prefersEncryption: true, isSeed: false },
        { address: { host: "10.1.2.4", port: 1 }, prefersEncryption: false, isSeed: true },
        { address: IPV6, prefersEncryption: true, isSeed: true },
      ],
      dropped: [
        { host: "10.9.9.9", port: 9 },
        { host: "::9", port: 9 },
      ],
    };
    expect(parsePeerExchange(encodePeerExchange(exchange))).toEqual(exchange);
  });

  it("drops a cut-off entry", () => {
    const added = Buffer.concat([IPV4_BYTES, IPV4_BYTES.subarray(0, 5)]);
    expect(parsePeerExchange(encodeBencode({ added }))?.added).toHaveLength(1);
  });

  it("is spelled as BEP 11 says", () => {
    const bytes = encodePeerExchange({
      added: [{ address: IPV4, prefersEncryption: false, isSeed: true }],
      dropped: [],
    });
    const spelled = Buffer.concat([
      Buffer.from("d5:added6:"),
      IPV4_BYTES,
      Buffer.from("7:added.f1:\u00026:added60:8:added6.f0:7:dropped0:8:dropped60:e"),
    ]);
    expect(Buffer.from(bytes).toString("latin1")).toBe(spelled.toString("latin1"));
  });

  it("sends no more than 50 of each kind", () => {
    const addresses = manyAddresses(120);
    const added = addresses.map((address) => ({ address, prefersEncryption: false, isSeed: false }));
    const parsed = parsePeerExchange(encodePeerExchange({ added, dropped: addresses }));
    expect(parsed?.added.map((peer) => peer.address)).toEqual(addresses.slice(0, 50));
    expect(parsed?.dropped).toEqual(addresses.slice(0, 50));
  });

  it("takes no more than 200 of each kind, families together", () => {
    const list = Buffer.concat(manyAddresses(5_000).map(encodeCompactPeer));
    const list6 = Buffer.concat(Array.from({ length: 500 }, () => IPV6_BYTES));
    const parsed = parsePeerExchange(encodeBencode({ added: list, added6: list6, dropped: list, dropped6: list6 }));
    expect([parsed?.added.length, parsed?.dropped.length]).toEqual([MAX_PEX_PEERS, MAX_PEX_PEERS]);
  });

  it("takes missing flags for none, and skips nobodies without shifting the flags", () => {
    const added = Buffer.concat([Uint8Array.of(0, 0, 0, 0, 0, 1), IPV4_BYTES, IPV4_BYTES]);
    const parsed = parsePeerExchange(encodeBencode({ added, "added.f": Uint8Array.of(1, 2) }));
    expect(parsed?.added).toEqual([
      { address: IPV4, prefersEncryption: false, isSeed: true },
      { address: IPV4, prefersEncryption: false, isSeed: false },
    ]);
  });

  it.each([
    ["an empty dictionary", {}],
    ["lists where strings belong", { added: [], dropped: [1], added6: {} }],
    ["numbers where strings belong", { added: 5, dropped: 6 }],
  ])("takes %s for an empty round", (_, fields) => {
    expect(parsePeerExchange(encodeBencode(fields))).toEqual({ added: [], dropped: [] });
  });

  it.each(["", "le", "i1e", "d5:added6:abc"])("refuses what is no dictionary: %j", (payload) => {
    expect(parsePeerExchange(Buffer.from(payload))).toBeNull();
  });

  it("never throws", () => {
    const names = constantFrom("added", "added.f", "added6", "added6.f", "dropped", "dropped6");
    assert(
      property(dictionary(names, uint8Array({ maxLength: 100 })), (fields) => {
        parsePeerExchange(encodeBencode(fields));
      }),
      { numRuns: 300 },
    );
  });
});

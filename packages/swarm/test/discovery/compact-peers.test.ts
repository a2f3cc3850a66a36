import { describe, expect, it } from "vitest";
import { decodeCompactPeers } from "../../src/discovery/compact-peers.ts";

describe("decodeCompactPeers", () => {
  it.each<[string, 4 | 6, number[], { host: string; port: number }[]]>([
    [
      "IPv4 peers",
      4,
      [10, 0, 0, 1, 0x1a, 0xe1, 192, 0, 2, 255, 0, 1],
      [
        { host: "10.0.0.1", port: 6881 },
        { host: "192.0.2.255", port: 1 },
      ],
    ],
    [
      "IPv6 peers",
      6,
      [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff],
      [{ host: "2001:db8::1", port: 65_535 }],
    ],
    [
      "an IPv4-mapped peer as IPv4",
      6,
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1, 0, 9],
      [{ host: "10.0.0.1", port: 9 }],
    ],
    [
      "peers without those that cannot be one",
      4,
      [10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 239, 0, 0, 1, 0, 1, 10, 0, 0, 2, 0, 1],
      [{ host: "10.0.0.2", port: 1 }],
    ],
    ["peers without an incomplete last one", 4, [10, 0, 0, 1, 0, 1, 10, 0, 0, 2, 0], [{ host: "10.0.0.1", port: 1 }]],
    ["nothing", 4, [], []],
  ])("reads %s", (_title, family, bytes, peers) => {
    expect(decodeCompactPeers(Uint8Array.from(bytes), family, 100)).toEqual(peers);
  });

  it("stops at the number that is wanted", () => {
    expect(decodeCompactPeers(new Uint8Array(6_000).fill(1), 4, 7)).toHaveLength(7);
  });
});

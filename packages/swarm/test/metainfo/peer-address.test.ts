import { describe, expect, it } from "vitest";
import { formatPeerAddress, parsePeerAddress, peerAddress } from "../../src/metainfo/peer-address.ts";

describe("parsePeerAddress", () => {
  it.each([
    ["10.0.0.1:6881", { host: "10.0.0.1", port: 6881 }, "10.0.0.1:6881"],
    ["localhost:80", { host: "127.0.0.1", port: 80 }, "127.0.0.1:80"],
    ["LocalHost:80", { host: "127.0.0.1", port: 80 }, "127.0.0.1:80"],
    ["[::1]:65535", { host: "::1", port: 65_535 }, "[::1]:65535"],
    ["[2001:DB8:0:0:0:0:0:1]:1", { host: "2001:db8::1", port: 1 }, "[2001:db8::1]:1"],
    ["[::ffff:192.0.2.1]:1", { host: "192.0.2.1", port: 1 }, "192.0.2.1:1"],
    ["[::ffff:c000:201]:1", { host: "192.0.2.1", port: 1 }, "192.0.2.1:1"],
  ])("reads %s", (text, address, spelled) => {
    expect(parsePeerAddress(text)).toEqual(address);
    expect(formatPeerAddress(address)).toBe(spelled);
  });

  it.each([
    ["a name", "peer.example:6881"],
    ["a name that begins with localhost", "localhost.evil.example:1"],
    ["no port", "10.0.0.1"],
    ["port 0", "10.0.0.1:0"],
    ["a port past 65535", "10.0.0.1:65536"],
    ["a port that is no number", "10.0.0.1:http"],
    ["a negative port", "10.0.0.1:-1"],
    ["IPv6 without brackets", "::1:6881"],
    ["IPv4 in brackets", "[10.0.0.1]:80"],
    ["an IPv4 in hex", "0x7f.1:80"],
    ["an IPv4 in octal", "0177.0.0.1:80"],
    ["a short IPv4", "127.1:80"],
    ["a zone", "[fe80::1%eth0]:80"],
    ["any address", "0.0.0.0:80"],
    ["any IPv6 address", "[::]:80"],
    ["multicast", "224.0.0.1:80"],
    ["IPv6 multicast", "[ff02::1]:80"],
    ["a link-local address, which is another machine on each link", "[fe80::1]:80"],
    ["broadcast", "255.255.255.255:80"],
    ["a URL", "http://10.0.0.1:80"],
    ["nothing", ""],
  ])("refuses %s", (_title, text) => {
    expect(parsePeerAddress(text)).toBeUndefined();
  });
});

describe("peerAddress", () => {
  it.each([
    ["::", 1],
    ["::ffff:0.0.0.0", 1],
    ["1.2.3.4", 1.5],
    ["1.2.3.4", Number.NaN],
    ["", 1],
  ])("refuses %s with port %s", (host, port) => {
    expect(peerAddress(host, port)).toBeUndefined();
  });
});

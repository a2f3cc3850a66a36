import { describe, expect, it } from "vitest";
import { formatMagnet, parseMagnet } from "../../src/metainfo/magnet.ts";
import { parseSource } from "../../src/metainfo/source.ts";

const HEX = "c12fe1c06bba254a9dc9f519b335aa7c1367a88a";
const BASE32 = "YEX6DQDLXISUVHOJ6UM3GNNKPQJWPKEK";
const OTHER = "a".repeat(40);
const EMPTY = { infoHash: HEX, trackers: [], peers: [], webSeeds: [] };

describe("parseMagnet", () => {
  it.each([
    ["a hex info hash", `magnet:?xt=urn:btih:${HEX}`, EMPTY],
    ["a hex info hash in capitals", `magnet:?xt=urn:btih:${HEX.toUpperCase()}`, EMPTY],
    ["a base32 info hash", `magnet:?xt=urn:btih:${BASE32}`, EMPTY],
    ["a base32 info hash in small letters", `magnet:?xt=urn:btih:${BASE32.toLowerCase()}`, EMPTY],
    ["capitals everywhere", `MAGNET:?XT=URN:BTIH:${HEX}`, EMPTY],
    ["an escaped topic", `magnet:?xt=urn%3Abtih%3A${HEX}`, EMPTY],
    ["spaces around it", `  magnet:?xt=urn:btih:${HEX}\n`, EMPTY],
    [
      "the first usable of several topics",
      `magnet:?xt=urn:sha1:ABC&xt.1=urn:btih:short&xt.2=urn:btih:${HEX}&xt=urn:btih:${OTHER}`,
      EMPTY,
    ],
    ["the v1 hash of a hybrid", `magnet:?xt=urn:btmh:1220${"ab".repeat(32)}&xt=urn:btih:${HEX}`, EMPTY],
    [
      "a name with escapes and plus signs",
      `magnet:?xt=urn:btih:${HEX}&dn=Caf%C3%A9+noir%2B`,
      { ...EMPTY, displayName: "Café noir+" },
    ],
    ["an empty name as none", `magnet:?xt=urn:btih:${HEX}&dn=`, EMPTY],
    ["a name with broken escapes", `magnet:?xt=urn:btih:${HEX}&dn=100%&x=%E0%A4%A`, { ...EMPTY, displayName: "100%" }],
    [
      "trackers, each once and only of kinds we know",
      `magnet:?xt=urn:btih:${HEX}&tr=udp%3A%2F%2Fa.example%3A1&tr.1=http://b.example/x&tr.2=udp://a.example:1&tr=wss://c.example&tr=nonsense`,
      { ...EMPTY, trackers: ["udp://a.example:1", "http://b.example/x"] },
    ],
    [
      "peers, each once and only literals",
      `magnet:?xt=urn:btih:${HEX}&x.pe=10.0.0.1:1&x.pe=[::1]:2&x.pe=localhost:3&x.pe=evil.example:4&x.pe=10.0.0.1:1&x.pe=10.0.0.1:99999`,
      {
        ...EMPTY,
        peers: [
          { host: "10.0.0.1", port: 1 },
          { host: "::1", port: 2 },
          { host: "127.0.0.1", port: 3 },
        ],
      },
    ],
    [
      "web seeds, each once and only by http",
      `magnet:?xt=urn:btih:${HEX}&ws=http%3A%2F%2Fa.example%2Fx%20y&ws.1=https://b.example/&ws=ftp://c.example/&ws=http://a.example/x%20y`,
      { ...EMPTY, webSeeds: ["http://a.example/x%20y", "https://b.example/"] },
    ],
    ["parameters named after a prototype", `magnet:?__proto__=1&constructor=2&xt=urn:btih:${HEX}`, EMPTY],
  ])("reads %s", (_title, uri, magnet) => {
    expect(parseMagnet(uri)).toEqual(magnet);
  });

  it.each([
    ["no topic", "magnet:?dn=x"],
    ["an info hash of 39 digits", `magnet:?xt=urn:btih:${HEX.slice(1)}`],
    ["an info hash with a wrong digit", `magnet:?xt=urn:btih:g${HEX.slice(1)}`],
    ["base32 with a wrong digit", `magnet:?xt=urn:btih:1${BASE32.slice(1)}`],
    ["another kind of link", `http://example.com/?xt=urn:btih:${HEX}`],
    ["nothing", ""],
    ["a megabyte", `magnet:?xt=urn:btih:${HEX}&dn=${"x".repeat(1_000_000)}`],
  ])("refuses %s", (_title, uri) => {
    expect(() => parseMagnet(uri)).toThrow(expect.objectContaining({ name: "SourceError", code: "bad_source" }));
  });

  it("says of a v2 magnet that it is one", () => {
    const uri = `magnet:?xt=urn:btmh:1220${"ab".repeat(32)}`;
    expect(() => parseMagnet(uri)).toThrow(expect.objectContaining({ code: "unsupported_v2" }));
  });

  it("takes a hundred trackers and peers and a kilobyte of name, no more", () => {
    const many = Array.from(
      { length: 300 },
      (_, index) => `tr=udp://${index}.example:1&x.pe=10.0.${index >> 8}.${index & 255}:1`,
    );
    const magnet = parseMagnet(`magnet:?xt=urn:btih:${HEX}&dn=${"x".repeat(5_000)}&${many.join("&")}`);
    expect([magnet.trackers.length, magnet.peers.length, magnet.displayName?.length]).toEqual([100, 100, 1_024]);
  });
});

describe("formatMagnet", () => {
  it.each([
    ["little", EMPTY],
    [
      "everything",
      {
        infoHash: HEX,
        displayName: "A & B = 100% + ü",
        trackers: ["http://a.example/announce?key=1&x=2", "udp://b.example:1"],
        peers: [
          { host: "2001:db8::1", port: 6881 },
          { host: "10.0.0.1", port: 1 },
        ],
        webSeeds: ["https://c.example/a%20b?key=1"],
      },
    ],
  ])("is undone by parseMagnet with %s", (_title, magnet) => {
    expect(parseMagnet(formatMagnet(magnet))).toEqual(magnet);
  });
});

describe("parseSource", () => {
  it.each([
    ["a magnet", ` Magnet:?xt=urn:btih:${HEX}`, { kind: "magnet", magnet: EMPTY }],
    ["an http address", "http://example.com/a.torrent", { kind: "url", url: "http://example.com/a.torrent" }],
    [
      "an https address",
      " HTTPS://Example.com/a b.torrent ",
      { kind: "url", url: "https://example.com/a%20b.torrent" },
    ],
    ["a hex info hash", ` ${HEX.toUpperCase()}\n`, { kind: "infoHash", infoHash: HEX }],
    ["a base32 info hash", BASE32, { kind: "infoHash", infoHash: HEX }],
  ])("understands %s", (_title, text, source) => {
    expect(parseSource(text)).toEqual(source);
  });

  it.each([
    ["nothing", ""],
    ["a file address", "file:///etc/passwd"],
    ["a path", "/etc/passwd"],
    ["another scheme", "ftp://example.com/a.torrent"],
    ["an address that is none", "http://"],
    ["41 digits", `${HEX}0`],
    ["words", "big buck bunny"],
    ["a magnet of nothing", "magnet:?"],
  ])("refuses %s with a sentence", (_title, text) => {
    expect(() => parseSource(text)).toThrow(
      expect.objectContaining({ code: "bad_source", message: expect.stringMatching(/^[A-Z].+\.$/) }),
    );
  });

  it("names what it accepts", () => {
    expect(() => parseSource("?")).toThrow(
      /magnet link, the http or https address of a \.torrent file, or an info hash/,
    );
  });
});

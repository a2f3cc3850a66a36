import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type BencodeInput, encodeBencode } from "../../src/metainfo/bencode.ts";
import { parseInfoDictionary, parseTorrentFile } from "../../src/metainfo/metainfo.ts";
import { CPU_LIMIT_MS, fastestCpuMs } from "./cpu-time.ts";

const PIECE_LENGTH_BYTES = 16_384;

type Fields = Record<string, BencodeInput>;

/** A valid info dictionary of one file of 40,000 bytes, with some fields changed or (as `undefined`) left out. */
function info(changes: Record<string, BencodeInput | undefined> = {}): Fields {
  const fields: Fields = {};
  const base = { name: "film.mkv", "piece length": PIECE_LENGTH_BYTES, length: 40_000, pieces: hashes(3) };
  for (const [key, value] of Object.entries({ ...base, ...changes })) {
    if (value !== undefined) fields[key] = value;
  }
  return fields;
}

function severalFiles(files: readonly Fields[], pieceCount: number): Fields {
  return info({ length: undefined, files, pieces: hashes(pieceCount) });
}

function hashes(count: number): Uint8Array {
  return new Uint8Array(count * 20).fill(7);
}

function torrent(fields: Fields, more: Fields = {}): Uint8Array {
  return encodeBencode({ info: fields, ...more });
}

describe("parseTorrentFile", () => {
  it("reads a torrent of one file", () => {
    const bytes = torrent(info(), { announce: "udp://tracker.example:80" });
    expect(parseTorrentFile(bytes)).toEqual({
      infoHash: createHash("sha1").update(encodeBencode(info())).digest("hex"),
      infoBytes: new Uint8Array(encodeBencode(info())),
      name: "film.mkv",
      pieceLengthBytes: PIECE_LENGTH_BYTES,
      pieceCount: 3,
      sizeBytes: 40_000,
      pieceHashes: hashes(3),
      files: [
        { index: 0, path: ["film.mkv"], diskPath: ["film.mkv"], lengthBytes: 40_000, offsetBytes: 0, isPadding: false },
      ],
      hasFolder: false,
      isPrivate: false,
      trackers: [["udp://tracker.example:80"]],
      webSeeds: [],
    });
  });

  it("hashes the info dictionary as it is spelled, not as it should be", () => {
    const spelled = Buffer.from(`d6:lengthi1e4:name1:x6:pieces20:${"h".repeat(20)}12:piece lengthi16384e1:ai1ee`);
    const { infoHash, infoBytes } = parseTorrentFile(
      Buffer.concat([Buffer.from("d4:info"), spelled, Buffer.from("e")]),
    );
    expect(infoHash).toBe(createHash("sha1").update(spelled).digest("hex"));
    expect(Buffer.from(infoBytes)).toEqual(spelled);
  });

  it("does not hold on to the file that it was read from", () => {
    const bytes = torrent(info());
    const metainfo = parseTorrentFile(bytes);
    bytes.fill(0);
    expect(metainfo.pieceHashes).toEqual(hashes(3));
    expect(parseInfoDictionary(metainfo.infoBytes).infoHash).toBe(metainfo.infoHash);
  });

  it("ignores what follows the dictionary, as other clients do", () => {
    expect(parseTorrentFile(Buffer.concat([torrent(info()), Buffer.from("\r\n")])).sizeBytes).toBe(40_000);
  });

  it("lays several files end to end", () => {
    const files = [
      { length: 10, path: ["a"] },
      { length: 0, path: ["b", "c"] },
      { length: 20_000, path: ["b", "d"] },
    ];
    const metainfo = parseTorrentFile(torrent(severalFiles(files, 2)));
    expect(
      metainfo.files.map(({ path, offsetBytes, lengthBytes }) => [path.join("/"), offsetBytes, lengthBytes]),
    ).toEqual([
      ["a", 0, 10],
      ["b/c", 10, 0],
      ["b/d", 10, 20_000],
    ]);
    expect(metainfo).toMatchObject({ sizeBytes: 20_010, pieceCount: 2, name: "film.mkv" });
  });

  it("takes the UTF-8 spelling of names where there is one, and U+FFFD for what is no UTF-8", () => {
    const files = [
      { length: 1, path: [Buffer.from("caf\u00e9", "latin1")], "path.utf-8": ["café"] },
      { length: 1, path: [Buffer.from("caf\u00e9", "latin1")] },
    ];
    const metainfo = parseTorrentFile(torrent({ ...severalFiles(files, 1), "name.utf-8": "película" }));
    expect(metainfo.name).toBe("película");
    expect(metainfo.files.map((file) => file.path)).toEqual([["café"], ["caf\ufffd"]]);
  });

  it("calls a torrent without a name by its info hash", () => {
    const metainfo = parseTorrentFile(torrent(info({ name: "" })));
    expect(metainfo.name).toBe(metainfo.infoHash);
  });

  it.each([
    [1, true],
    [0, false],
    ["1", false],
    [undefined, false],
  ])("takes private=%s for %s", (value, isPrivate) => {
    expect(parseTorrentFile(torrent(info({ private: value }))).isPrivate).toBe(isPrivate);
  });

  it.each<[string, Fields, string[][]]>([
    [
      "the tiers, and not announce beside them",
      { announce: "http://one", "announce-list": [["http://a", "udp://b:1"], ["https://c"]] },
      [["http://a", "udp://b:1"], ["https://c"]],
    ],
    [
      "announce when the tiers hold nothing of use",
      { announce: "http://one", "announce-list": [["wss://a", "magnet:?x"], []] },
      [["http://one"]],
    ],
    [
      "each tracker once",
      {
        "announce-list": [
          ["http://a/", "http://a"],
          ["HTTP://A/", "http://b"],
        ],
      },
      [["http://a/"], ["http://b"]],
    ],
    ["a flat list as tiers of one", { "announce-list": ["http://a", "http://b"] }, [["http://a"], ["http://b"]]],
    ["nothing when the tiers are no list", { "announce-list": 7, announce: [] }, []],
    ["no URL of absurd length", { announce: `http://${"a".repeat(3_000)}` }, []],
  ])("reads %s", (_title, fields, trackers) => {
    expect(parseTorrentFile(torrent(info(), fields)).trackers).toEqual(trackers);
  });

  it("takes a hundred trackers and a few dozen web seeds of a thousand", () => {
    const urls = Array.from({ length: 1_000 }, (_, index) => `http://${index}.example/`);
    const { trackers, webSeeds } = parseTorrentFile(torrent(info(), { "announce-list": [urls], "url-list": urls }));
    expect(trackers.flat()).toEqual(urls.slice(0, 100));
    expect(webSeeds).toEqual(urls.slice(0, 32));
  });

  it.each<[string, Record<string, BencodeInput | undefined>]>([
    ["no name", { name: undefined }],
    ["a name that is a number", { name: 5 }],
    ["a name of a megabyte", { name: "x".repeat(1_000_000) }],
    ["no piece length", { "piece length": undefined }],
    ["a piece length that is text", { "piece length": "16384" }],
    ["a negative piece length", { "piece length": -16_384 }],
    ["a piece length of zero", { "piece length": 0 }],
    ["a piece length below 16 KiB", { "piece length": 16_383 }],
    ["a piece length above 512 MiB", { "piece length": 536_870_913, pieces: hashes(1) }],
    ["no pieces", { pieces: undefined }],
    ["pieces that are a list", { pieces: [] }],
    ["one piece too few", { pieces: hashes(2) }],
    ["one piece too many", { pieces: hashes(4) }],
    ["half a hash", { pieces: new Uint8Array(50) }],
    ["no length", { length: undefined }],
    ["a length of zero", { length: 0, pieces: new Uint8Array() }],
    ["a negative length", { length: -1 }],
    ["a petabyte with three pieces", { length: Number.MAX_SAFE_INTEGER }],
    ["files that are a dictionary", { files: {} }],
    ["no files", { files: [] }],
    ["a file that is a string", { files: ["a"] }],
    ["a file without a path", { files: [{ length: 40_000 }] }],
    ["a file with an empty path", { files: [{ length: 40_000, path: [] }] }],
    ["a path with a number in it", { files: [{ length: 40_000, path: ["a", 1] }] }],
    ["a path 101 folders deep", { files: [{ length: 40_000, path: Array.from({ length: 101 }, () => "a") }] }],
    ["a file without a length", { files: [{ path: ["a"] }] }],
    [
      "files whose lengths overflow",
      {
        files: [
          { length: Number.MAX_SAFE_INTEGER, path: ["a"] },
          { length: 1, path: ["b"] },
        ],
      },
    ],
    ["a file tree without a match", { "file tree": {}, "meta version": 2 }],
  ])("refuses %s", (_title, changes) => {
    expect(() => parseTorrentFile(torrent(info(changes)))).toThrow(
      expect.objectContaining({
        name: "SourceError",
        code: "bad_torrent",
        message: expect.stringMatching(/^This torrent is not valid: .+\. Try another/),
      }),
    );
  });

  it.each([
    ["an empty file", ""],
    ["a web page", "<!DOCTYPE html><html></html>"],
    ["a list", "le"],
    ["a dictionary without info", "d1:ai1ee"],
    ["info that is text", "d4:info3:abce"],
    ["5 million lists", "l".repeat(5_000_000)],
    ["a dictionary with two infos", "d4:infode4:infodee"],
  ])("refuses %s", (_title, text) => {
    expect(() => parseTorrentFile(Buffer.from(text))).toThrow(expect.objectContaining({ code: "bad_torrent" }));
  });

  it("refuses 100,001 files", () => {
    const text = `d5:filesl${"d6:lengthi1e4:pathl1:aee".repeat(100_001)}e4:name1:x12:piece lengthi16384e6:pieces0:e`;
    expect(() => parseInfoDictionary(Buffer.from(text))).toThrow("it lists more than 100000 files");
  });

  it("refuses more tokens than a hundred thousand files need, at once", () => {
    const bytes = Buffer.from(`d4:infod5:filesl${"le".repeat(1_500_000)}eee`);
    const refuse = () =>
      expect(() => parseTorrentFile(bytes)).toThrow(expect.objectContaining({ code: "bad_torrent" }));
    expect(fastestCpuMs(refuse)).toBeLessThan(CPU_LIMIT_MS);
  });

  it("says of a v2 torrent that it is one", () => {
    const fields = { name: "x", "piece length": 16_384, "meta version": 2, "file tree": { x: { "": { length: 1 } } } };
    expect(() => parseTorrentFile(torrent(fields))).toThrow(expect.objectContaining({ code: "unsupported_v2" }));
  });
});

describe("hybrid torrents", () => {
  const root = new Uint8Array(32).fill(1);
  const leaf = (length: number): BencodeInput => ({ "": { length, "pieces root": root } });
  const files = [
    { length: 10, path: ["a"] },
    { length: 16_374, path: [".pad", "16374"], attr: "p" },
    { length: 20, path: ["b", "c"] },
  ];
  const hybrid = (tree: BencodeInput, changes: Fields = {}) =>
    torrent({ ...severalFiles(files, 2), "meta version": 2, "file tree": tree, ...changes });

  it("load as v1 when both halves agree", () => {
    expect(parseTorrentFile(hybrid({ a: leaf(10), b: { c: leaf(20) } }))).toMatchObject({
      pieceCount: 2,
      sizeBytes: 16_404,
    });
  });

  it.each<[string, Uint8Array]>([
    ["another length", hybrid({ a: leaf(11), b: { c: leaf(20) } })],
    ["another name", hybrid({ a: leaf(10), b: { d: leaf(20) } })],
    ["another folder", hybrid({ a: leaf(10), c: leaf(20) })],
    ["a file more", hybrid({ a: leaf(10), b: { c: leaf(20), d: leaf(1) } })],
    ["a file less", hybrid({ a: leaf(10) })],
    ["no root hash", hybrid({ a: { "": { length: 10 } }, b: { c: leaf(20) } })],
    [
      "a root hash of zeros",
      hybrid({ a: { "": { length: 10, "pieces root": new Uint8Array(32) } }, b: { c: leaf(20) } }),
    ],
    [
      "a file that is a folder too",
      hybrid({ a: { "": { length: 10, "pieces root": root }, x: leaf(1) }, b: { c: leaf(20) } }),
    ],
    ["a tree that is a file", hybrid(leaf(10))],
    ["an empty folder", hybrid({ a: leaf(10), b: {} })],
    ["no tree", hybrid([])],
    ["a piece length that is no power of two", hybrid({ a: leaf(10), b: { c: leaf(20) } }, { "piece length": 16_385 })],
    [
      "files that do not start pieces",
      torrent({
        ...severalFiles(
          [
            { length: 10, path: ["a"] },
            { length: 20, path: ["b"] },
          ],
          1,
        ),
        "meta version": 2,
        "file tree": { a: leaf(10), b: leaf(20) },
      }),
    ],
  ])("are refused with %s", (_title, bytes) => {
    expect(() => parseTorrentFile(bytes)).toThrow(
      expect.objectContaining({ code: "bad_torrent", message: expect.stringContaining("do not agree") }),
    );
  });
});

describe("parseInfoDictionary", () => {
  it("reads what peers send", () => {
    const bytes = encodeBencode(info());
    const metainfo = parseInfoDictionary(bytes);
    expect(metainfo).toEqual({ ...parseTorrentFile(torrent(info())), trackers: [], webSeeds: [] });
  });

  it.each([
    ["a list", "le"],
    ["bytes after the dictionary", `${Buffer.from(encodeBencode(info())).toString("latin1")}e`],
    ["noise", "\u0000\u0001"],
  ])("refuses %s", (_title, text) => {
    expect(() => parseInfoDictionary(Buffer.from(text, "latin1"))).toThrow(
      expect.objectContaining({ code: "bad_torrent" }),
    );
  });
});

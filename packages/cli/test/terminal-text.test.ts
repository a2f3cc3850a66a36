import { stripVTControlCharacters } from "node:util";
import type { TorrentStatus } from "@riptide/core";
import { describe, expect, test } from "vitest";
import type { ReadFile } from "../src/reading-positions.ts";
import { describeTorrentLine, describeTorrents, formatBytes } from "../src/terminal-text.ts";
import { HOSTILE_NAME } from "./support/world.ts";

const FILM: TorrentStatus = {
  infoHash: "0123456789abcdef0123456789abcdef01234567",
  name: "A film.mkv",
  state: "ready",
  addedAtMs: 0,
  files: [{ index: 0, path: "A film.mkv", lengthBytes: 1_000_000, verifiedBytes: 427_000 }],
  sizeBytes: 1_000_000,
  pieceLengthBytes: 65_536,
  verifiedBytes: 427_000,
  downloadedBytes: 430_000,
  uploadedBytes: 0,
  downloadBytesPerSecond: 512_000,
  uploadBytesPerSecond: 999,
  connectedPeers: 3,
  knownPeers: 9,
  activeDemands: 0,
  error: undefined,
};
const SERIES: TorrentStatus = {
  ...FILM,
  name: "A series",
  files: [FILM.files[0]!, { index: 1, path: "A series/Extras/Second.mp4", lengthBytes: 1_000, verifiedBytes: 0 }],
};
const DISK_FULL = { code: "disk_full", message: "The disk is full." };
const NOT_READY = { sizeBytes: 0, verifiedBytes: 0, files: [], connectedPeers: 0, knownPeers: 0 };

describe("the line of a torrent", () => {
  test.each<[title: string, torrent: Partial<TorrentStatus>, readFiles: readonly ReadFile[], line: string]>([
    ["says how far it is, and how fast", {}, [], "A film.mkv: 42 % of 1.0 MB, down 512 kB/s, up 999 B/s, 3 peers"],
    [
      "is complete only with the last byte",
      { verifiedBytes: 999_999, connectedPeers: 1 },
      [],
      "A film.mkv: 99 % of 1.0 MB, down 512 kB/s, up 999 B/s, 1 peer",
    ],
    [
      "knows nothing of an empty torrent that is missing",
      { sizeBytes: 0, verifiedBytes: 0, downloadBytesPerSecond: 0, uploadBytesPerSecond: 0 },
      [],
      "A film.mkv: 100 % of 0 B, down 0 B/s, up 0 B/s, 3 peers",
    ],
    [
      "says where a film is read",
      {},
      [{ path: "A film.mkv", positions: [0, 0.379] }],
      "A film.mkv: 42 % of 1.0 MB, down 512 kB/s, up 999 B/s, 3 peers, streaming at 0 % and 37 %",
    ],
    [
      "says which of many files are read",
      { name: SERIES.name, files: SERIES.files },
      [
        { path: "A film.mkv", positions: [1] },
        { path: "A series/Extras/Second.mp4", positions: [0.5] },
      ],
      "A series: 42 % of 1.0 MB, down 512 kB/s, up 999 B/s, 3 peers, streaming A film.mkv at 100 %, streaming Second.mp4 at 50 %",
    ],
    [
      "says what is wrong while what is there still plays",
      { error: DISK_FULL },
      [],
      "A film.mkv: 42 % of 1.0 MB, down 512 kB/s, up 999 B/s, 3 peers, The disk is full.",
    ],
    ["of a failed torrent is only why", { state: "failed", error: DISK_FULL }, [], "A film.mkv: The disk is full."],
    ["looks for peers at first", { ...NOT_READY, state: "metadata" }, [], "A film.mkv: looking for peers"],
    ["then tries them", { ...NOT_READY, state: "metadata", knownPeers: 1 }, [], "A film.mkv: trying 1 peer"],
    [
      "then asks them",
      { ...NOT_READY, state: "metadata", knownPeers: 9, connectedPeers: 2 },
      [],
      "A film.mkv: asking 2 peers for the list of files",
    ],
  ])("%s", (_title, torrent, readFiles, line) => {
    expect(describeTorrentLine({ torrent: { ...FILM, ...torrent }, readFiles })).toBe(line);
  });

  test("keeps what strangers wrote from the terminal", () => {
    const files = [FILM.files[0]!, FILM.files[0]!];
    const error = { code: "x", message: `no\u001b[0m` };
    const torrent = { ...FILM, name: HOSTILE_NAME, files, error };
    const line = describeTorrentLine({ torrent, readFiles: [{ path: `a/\u202e${HOSTILE_NAME}`, positions: [0] }] });
    expect(line).toMatch(/^·\[2J·31m·evil·\{\}: .* streaming ··\[2J·31m·evil·\{\} at 0 %, no·\[0m$/);
  });

  test("shows the beginning of a name that is too long, by what people see as characters", () => {
    expect(lineOf("x".repeat(48))).toMatch(/^x{48}: /);
    expect(lineOf("x".repeat(49))).toMatch(/^x{47}…: /);
    expect(lineOf("é".repeat(48))).toMatch(/^(é){48}: /);
  });

  test("is short even if one character is made of thousands of marks", () => {
    const line = lineOf(`Z${"\u0301".repeat(5_000)}`);
    expect(line.length).toBeLessThan(400);
    expect(line).toMatch(/^Z\u0301{255}…: /);
  });
});

describe("the live view", () => {
  test("says what to do while there is nothing", () => {
    expect(draw([])).toEqual(["No torrents yet. Open the page and paste a magnet link."]);
  });

  test("has a name and a bar for each torrent", () => {
    expect(draw([FILM])).toEqual([
      "A film.mkv",
      "  ████████░░░░░░░░░░░░  42 % of 1.0 MB    ↓ 512 kB/s   ↑ 999 B/s    3 peers",
    ]);
  });

  test("puts what is being streamed first, with its files and positions", () => {
    const lines = draw([FILM, SERIES], [{ path: "A series/Extras/Second.mp4", positions: [0.25, 0.5] }]);
    expect(lines).toEqual([
      "A series",
      expect.stringContaining("42 %"),
      "  ▶ Second.mp4 at 25 % and 50 %",
      "A film.mkv",
      expect.stringContaining("42 %"),
    ]);
  });

  test("says why a torrent does not go on, and what is wrong with one that does", () => {
    expect(draw([{ ...FILM, state: "failed", error: DISK_FULL }])).toEqual(["A film.mkv", "  The disk is full."]);
    expect(draw([{ ...FILM, error: DISK_FULL }])).toEqual([
      "A film.mkv",
      expect.stringContaining("42 %"),
      "  The disk is full.",
    ]);
    expect(draw([{ ...FILM, ...NOT_READY, state: "metadata" }])).toEqual(["A film.mkv", "  looking for peers"]);
  });

  test.each([
    [6, ["A film.mkv", "A film.mkv", "A film.mkv"]],
    [5, ["A film.mkv", "A film.mkv", "… 1 more on the page"]],
    [4, ["A film.mkv", "… 2 more on the page"]],
    [2, ["… 3 more on the page"]],
    [0, ["… 3 more on the page"]],
  ])("of three torrents shows in %i rows whole ones only", (rowsMax, names) => {
    const lines = draw([FILM, FILM, FILM], [], rowsMax);
    expect(lines.filter((line) => !line.startsWith("  "))).toEqual(names);
    expect(lines.length).toBeLessThanOrEqual(Math.max(1, rowsMax));
  });
});

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1_000, "1.0 kB"],
  [99_949, "99.9 kB"],
  [100_400, "100 kB"],
  [999_949, "1000 kB"],
  [999_950, "1.0 MB"],
  [1_440_000, "1.4 MB"],
  [4.7e9, "4.7 GB"],
  [2 ** 53, "9.0 PB"],
  [1e21, "1000000 PB"],
])("%d bytes are %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

function lineOf(name: string): string {
  return describeTorrentLine({ torrent: { ...FILM, name }, readFiles: [] });
}

function draw(shown: readonly TorrentStatus[], readFiles: readonly ReadFile[] = [], rowsMax = 20): string[] {
  const torrents = shown.map((torrent) => ({ torrent, readFiles: torrent.name === SERIES.name ? readFiles : [] }));
  return describeTorrents(torrents, rowsMax).map(stripVTControlCharacters);
}

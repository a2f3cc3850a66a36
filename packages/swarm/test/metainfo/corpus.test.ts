import { readdirSync, readFileSync } from "node:fs";
import { resolve, sep } from "node:path";
import { SourceError } from "@riptide/core";
import { describe, expect, it } from "vitest";
import { parseTorrentFile } from "../../src/metainfo/metainfo.ts";
import { catchError } from "./catch-error.ts";

const CORPUS = new URL("corpus/", import.meta.url);

/** What is refused, and with which code. */
const REFUSED: Record<string, "bad_torrent" | "unsupported_v2"> = {
  duplicate_files2: "bad_torrent",
  invalid_info: "bad_torrent",
  invalid_path_list: "bad_torrent",
  invalid_pieces: "bad_torrent",
  missing_path_list: "bad_torrent",
  negative_file_size: "bad_torrent",
  negative_size: "bad_torrent",
  no_files: "bad_torrent",
  unaligned_pieces: "bad_torrent",
  v2_deep_recursion: "bad_torrent",
  v2_empty_filename: "unsupported_v2",
  v2_invalid_file: "bad_torrent",
  v2_invalid_filename2: "unsupported_v2",
  v2_invalid_piece_layer: "unsupported_v2",
  v2_invalid_piece_layer_size: "unsupported_v2",
  v2_large_file: "unsupported_v2",
  v2_mismatching_metadata: "bad_torrent",
  v2_no_piece_layers: "unsupported_v2",
  v2_non_multiple_piece_layer: "unsupported_v2",
  v2_overlong_integer: "bad_torrent",
  v2_piece_size: "unsupported_v2",
  v2_unknown_piece_layer_entry: "unsupported_v2",
  v2_zero_root: "unsupported_v2",
  zero2: "bad_torrent",
};

interface Loaded {
  readonly infoHash: string;
  /** Path as spelled and place on disk of the first two files. */
  readonly paths: readonly (readonly [string, string])[];
  readonly fileCount: number;
  readonly pieceCount: number;
  readonly sizeBytes: number;
}

/** What loads, and as what. Info hashes, sizes and counts are those that libtorrent 2.0.8 reports. */
const LOADED: Record<string, Loaded> = {
  backslash_path: {
    infoHash: "fa7b2ba01975b67d261f1759b5128be2c1892309",
    paths: [["\\|\\|bar", "_|_|bar"]],
    fileCount: 1,
    pieceCount: 1,
    sizeBytes: 425,
  },
  base: {
    infoHash: "c0fda1edafdbdbb96443424e0b3899af7159d10e",
    paths: [["temp", "temp"]],
    fileCount: 1,
    pieceCount: 1,
    sizeBytes: 425,
  },
  collection2: {
    infoHash: "08d3f0dde8e80dc6801522006f77d8bb3ba112da",
    paths: [["temp", "temp"]],
    fileCount: 1,
    pieceCount: 1,
    sizeBytes: 425,
  },
  dht_nodes: {
    infoHash: "c0fda1edafdbdbb96443424e0b3899af7159d10e",
    paths: [["temp", "temp"]],
    fileCount: 1,
    pieceCount: 1,
    sizeBytes: 425,
  },
  "empty-files-1": {
    infoHash: "59ee9eb4b6ab57918cc3837e1b217409f4a10845",
    paths: [
      ["1-empty", "1-empty"],
      ["2-small", "2-small"],
    ],
    fileCount: 7,
    pieceCount: 5,
    sizeBytes: 67584,
  },
  "empty-files-3": {
    infoHash: "07da3b11386ef96271c6f5fcf123c914b766e230",
    paths: [
      ["1-small", "1-small"],
      [".pad|15872", ".pad|1"],
    ],
    fileCount: 7,
    pieceCount: 5,
    sizeBytes: 67584,
  },
  "empty-files-5": {
    infoHash: "01e9a06012bcc202e535c77c93e925df5bd663f8",
    paths: [
      ["1-empty", "1-empty"],
      ["2-empty", "2-empty"],
    ],
    fileCount: 7,
    pieceCount: 5,
    sizeBytes: 67584,
  },
  empty_path: {
    infoHash: "b839b77a2fa8c90d3064deaf828f1d67a7d1d06d",
    paths: [["|", "_|_"]],
    fileCount: 1,
    pieceCount: 1,
    sizeBytes: 425,
  },
  hidden_parent_path: {
    infoHash: "ff4842e288f9d45c286fbd6a1646ba79165b84de",
    paths: [["foo/../../../bar|bar", "foo_.._.._.._bar|bar"]],
    fileCount: 1,
    pieceCount: 1,
    sizeBytes: 425,
  },
  invalid_directory_name: {
    infoHash: "45c23f55fad06edef0d4b524054c8805005100db",
    paths: [
      ["/|foo", "_|foo"],
      ["\\|foo", "_|foo.1"],
    ],
    fileCount: 2,
    pieceCount: 4,
    sizeBytes: 65536,
  },
  invalid_filename: {
    infoHash: "1fdb54fcd7bcbd84e5001a8bb48d196cca70a399",
    paths: [
      ["f", "f"],
      [".", "_"],
    ],
    fileCount: 2,
    pieceCount: 4,
    sizeBytes: 65536,
  },
  invalid_name2: {
    infoHash: "b61560c2918f463768cd122b6d2fdd47b77bdb35",
    paths: [
      ["foo|bar.txt", "foo|bar.txt"],
      ["foo|var.txt", "foo|var.txt"],
    ],
    fileCount: 2,
    pieceCount: 1,
    sizeBytes: 850,
  },
  large: {
    infoHash: "c415e173dcc3069a96e6f852a684fffae97e5372",
    paths: [["stress_test0", "stress_test0"]],
    fileCount: 1,
    pieceCount: 5000,
    sizeBytes: 5242880000,
  },
  long_name: {
    infoHash: "f7264d6fbe3e2865748ec1efa98672066627db56",
    paths: [
      [
        "abcdefghij0123456789abcdefghij0123456789abcdefghij0123456789abcdefghij0123456789abcdefghij0123456789abcdefghij0123456789abcdefghij0123456789abcdefghij0123456789abcdefghij0123456789abcdefghij0123456789abcdefghij0123456789abcdefghij0123456789abcdefghij0123456789abcdefghij0123456789abcdefghij0.23456789",
        "abcdefghij0123456789abcdefghij0123456789abcdefghij0123456789abcdefghij0123456789abcdefghij0123456789abcdefghij0123456789abcdefghij0123456789abcdefghij0123456789abcdefghij0123456789abcdefghij0123456789abcdefghij0123456789abcdefghij0.23456789",
      ],
    ],
    fileCount: 1,
    pieceCount: 1,
    sizeBytes: 425,
  },
  overlapping_symlinks: {
    infoHash: "bf91c29a1b2bb843479583b87c08404c870e3703",
    paths: [
      ["Headers", "Headers"],
      ["Resources", "Resources"],
    ],
    fileCount: 67,
    pieceCount: 87,
    sizeBytes: 2823282,
  },
  pad_file_no_path: {
    infoHash: "7202e1cd55de0a216a50f5e2d88a69752ef256a9",
    paths: [
      ["foo|bar.txt", "foo|bar.txt"],
      ["", ".pad|1"],
    ],
    fileCount: 2,
    pieceCount: 1,
    sizeBytes: 2169,
  },
  sample: {
    infoHash: "58d8d15a4eb3bd9afabc9cee2564f78192777edb",
    paths: [
      ["text_file2.txt", "text_file2.txt"],
      [".____padding_file|0", ".pad|1"],
    ],
    fileCount: 3,
    pieceCount: 2,
    sizeBytes: 16404,
  },
  similar2: {
    infoHash: "be33d6d619df20829fbdba4b68aeb176b09e364b",
    paths: [["temp", "temp"]],
    fileCount: 1,
    pieceCount: 1,
    sizeBytes: 425,
  },
  slash_path: {
    infoHash: "f520f7af7a81205f4ab8073727bab53e8599a6c2",
    paths: [["/|/|bar", "_|_|bar"]],
    fileCount: 1,
    pieceCount: 1,
    sizeBytes: 425,
  },
  slash_path3: {
    infoHash: "f635ad77f97524fa6f13b0d78340b821cac5019c",
    paths: [["temp/../../abc", "temp_.._.._abc"]],
    fileCount: 1,
    pieceCount: 1,
    sizeBytes: 12432,
  },
  symlink1: {
    infoHash: "efba96cd9ba647d0c887434a9162f20f794a141c",
    paths: [
      ["a|b|bar", "a|b|bar"],
      ["a|b|foo", "a|b|foo"],
    ],
    fileCount: 2,
    pieceCount: 1,
    sizeBytes: 425,
  },
  symlink_filtered_path: {
    infoHash: "f282a712ddf6601dcd3639d27a950f8cfd7bfa79",
    paths: [
      ["a|/|bar", "a|_|bar"],
      ["a|/|foo", "a|_|foo"],
    ],
    fileCount: 2,
    pieceCount: 1,
    sizeBytes: 32,
  },
  url_list: {
    infoHash: "c0fda1edafdbdbb96443424e0b3899af7159d10e",
    paths: [["temp", "temp"]],
    fileCount: 1,
    pieceCount: 1,
    sizeBytes: 425,
  },
  url_list3: {
    infoHash: "c0fda1edafdbdbb96443424e0b3899af7159d10e",
    paths: [["temp", "temp"]],
    fileCount: 1,
    pieceCount: 1,
    sizeBytes: 425,
  },
  url_seed_multi: {
    infoHash: "d673bbe5fcc1b885e045120b60a679bd87f78697",
    paths: [
      ["foo|bar.txt", "foo|bar.txt"],
      ["foo|var.txt", "foo|var.txt"],
    ],
    fileCount: 2,
    pieceCount: 1,
    sizeBytes: 850,
  },
  url_seed_multi_space: {
    infoHash: "d673bbe5fcc1b885e045120b60a679bd87f78697",
    paths: [
      ["foo|bar.txt", "foo|bar.txt"],
      ["foo|var.txt", "foo|var.txt"],
    ],
    fileCount: 2,
    pieceCount: 1,
    sizeBytes: 850,
  },
  v2: {
    infoHash: "c14199bbec64d0e9e439aa3b6b7639e666b86eca",
    paths: [["test64K", "test64K"]],
    fileCount: 1,
    pieceCount: 1,
    sizeBytes: 65536,
  },
  v2_hybrid: {
    infoHash: "514c76c1f27ec61ca8b37851bcd1cbf0b26cf120",
    paths: [
      ["Darkroom (Stellar, 1994, Amiga ECS) HQ.mp4", "Darkroom (Stellar, 1994, Amiga ECS) HQ.mp4"],
      ["280339", ".pad|1"],
    ],
    fileCount: 18,
    pieceCount: 1715,
    sizeBytes: 899153920,
  },
  v2_multipiece_file: {
    infoHash: "6c68c1bcc24c65b6fef4724d8234b67e0e9ac6a4",
    paths: [["test1MB", "test1MB"]],
    fileCount: 1,
    pieceCount: 16,
    sizeBytes: 1048576,
  },
  whitespace_url: {
    infoHash: "c0fda1edafdbdbb96443424e0b3899af7159d10e",
    paths: [["temp", "temp"]],
    fileCount: 1,
    pieceCount: 1,
    sizeBytes: 425,
  },
};

describe("torrents of libtorrent's test suite", () => {
  const names = readdirSync(CORPUS)
    .filter((file) => file.endsWith(".torrent"))
    .map((file) => file.slice(0, -".torrent".length));

  it("are all in one of the two tables", () => {
    expect(names.sort()).toEqual([...Object.keys(REFUSED), ...Object.keys(LOADED)].sort());
  });

  it.each(Object.entries(REFUSED))("refuses %s as %s", (name, code) => {
    const error = catchError(() => parseTorrentFile(read(name)));
    expect(error).toBeInstanceOf(SourceError);
    expect(error).toMatchObject({ code });
  });

  it.each(Object.entries(LOADED))("loads %s", (name, expected) => {
    const metainfo = parseTorrentFile(read(name));
    expect({
      infoHash: metainfo.infoHash,
      paths: metainfo.files
        .slice(0, expected.paths.length)
        .map((file) => [file.path.join("|"), file.diskPath.join("|")]),
      fileCount: metainfo.files.length,
      pieceCount: metainfo.pieceCount,
      sizeBytes: metainfo.sizeBytes,
    }).toEqual(expected);
  });

  it.each(Object.keys(LOADED))("keeps every file of %s below its folder, in a place of its own", (name) => {
    const root = resolve("/torrents/one");
    const places = parseTorrentFile(read(name)).files.map((file) => resolve(root, ...file.diskPath));
    for (const place of places) expect(place.startsWith(root + sep)).toBe(true);
    expect(new Set(places.map((place) => place.toLowerCase())).size).toBe(places.length);
  });

  it.each([
    ["url_list", []],
    ["url_list3", []],
    ["url_seed_multi", ["http://test.com/file/"]],
    ["url_seed_multi_space", ["http://test.com/test%20file/foo%20bar/"]],
  ])("reads the web seeds of %s", (name, webSeeds) => {
    expect(parseTorrentFile(read(name)).webSeeds).toEqual(webSeeds);
  });

  it.each([
    ["whitespace_url", [["udp://test.com/announce"]]],
    ["sample", [["udp://tracker.opentracker.com:80/announce"]]],
    ["v2", [["http://example.com/announce"]]],
    ["base", []],
  ])("reads the trackers of %s", (name, trackers) => {
    expect(parseTorrentFile(read(name)).trackers).toEqual(trackers);
  });

  it("makes symbolic links empty ordinary files", () => {
    const [, link] = parseTorrentFile(read("symlink1")).files;
    expect(link).toEqual({
      index: 1,
      path: ["a", "b", "foo"],
      diskPath: ["a", "b", "foo"],
      lengthBytes: 0,
      offsetBytes: 425,
      isPadding: false,
    });
  });

  it("marks padding files and counts their bytes", () => {
    const { files } = parseTorrentFile(read("sample"));
    expect(files.map(({ isPadding, offsetBytes, lengthBytes }) => [isPadding, offsetBytes, lengthBytes])).toEqual([
      [false, 0, 25],
      [true, 25, 16_359],
      [false, 16_384, 20],
    ]);
  });
});

function read(name: string): Uint8Array {
  return readFileSync(new URL(`${name}.torrent`, CORPUS));
}

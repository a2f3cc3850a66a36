import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTorrentFile } from "../../src/metainfo/create-metainfo.ts";
import { parseTorrentFile } from "../../src/metainfo/metainfo.ts";

const PIECE_LENGTH_BYTES = 16_384;
const signal = new AbortController().signal;

describe("createTorrentFile", () => {
  let directory = "";
  const contents = { large: patternBytes(2_500_000), small: patternBytes(100), empty: new Uint8Array() };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "riptide-create-"));
    for (const [name, bytes] of Object.entries(contents)) await writeFile(join(directory, name), bytes);
  });

  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  const share = (name: keyof typeof contents, path: string[]) => ({ absolutePath: join(directory, name), path });

  it("makes a single-file torrent of a file whose path is the name", async () => {
    const files = [share("large", ["film.mkv"])];
    const bytes = await createTorrentFile({ name: "film.mkv", files, pieceLengthBytes: PIECE_LENGTH_BYTES, signal });
    const metainfo = parseTorrentFile(bytes);
    expect(metainfo).toMatchObject({ name: "film.mkv", sizeBytes: 2_500_000, pieceCount: 153, trackers: [] });
    expect(metainfo.files.map((file) => file.path)).toEqual([["film.mkv"]]);
    expect(Buffer.from(metainfo.pieceHashes)).toEqual(hashPieces([contents.large]));
  });

  it("hashes pieces across files, empty ones among them", async () => {
    const files = [share("small", ["a"]), share("empty", ["b", "empty"]), share("large", ["b", "large"])];
    const trackers = [["udp://a.example:1", "http://b.example/"], ["http://c.example/"]];
    const bytes = await createTorrentFile({ name: "films", files, pieceLengthBytes: 65_536, trackers, signal });
    const metainfo = parseTorrentFile(bytes);
    expect(metainfo).toMatchObject({ name: "films", pieceLengthBytes: 65_536, trackers });
    expect(metainfo.files.map(({ path, lengthBytes }) => [path.join("/"), lengthBytes])).toEqual([
      ["a", 100],
      ["b/empty", 0],
      ["b/large", 2_500_000],
    ]);
    expect(Buffer.from(metainfo.pieceHashes)).toEqual(hashPieces([contents.small, contents.large], 65_536));
    expect(Buffer.from(bytes).toString("latin1")).toMatch(/^d8:announce17:udp:\/\/a\.example:113:announce-list/);
  });

  it("gives the same bytes every time", async () => {
    const torrent = { name: "x", files: [share("small", ["y"])], pieceLengthBytes: PIECE_LENGTH_BYTES, signal };
    expect(await createTorrentFile(torrent)).toEqual(await createTorrentFile(torrent));
  });

  it("refuses to share nothing", async () => {
    const torrent = { name: "x", files: [share("empty", ["y"])], pieceLengthBytes: PIECE_LENGTH_BYTES, signal };
    await expect(createTorrentFile(torrent)).rejects.toMatchObject({ code: "bad_source" });
  });

  it.each([
    ["a file that is not there", ["missing"]],
    ["a folder", []],
  ])("refuses %s without naming its place on this machine", async (_title, path) => {
    const files = [{ absolutePath: join(directory, ...path), path: ["y"] }];
    const torrent = { name: "x", files, pieceLengthBytes: PIECE_LENGTH_BYTES, signal };
    const error: unknown = await createTorrentFile(torrent).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "bad_source", message: expect.not.stringContaining(directory) });
  });

  it("stops with the signal's reason", async () => {
    const controller = new AbortController();
    const files = [share("large", ["film.mkv"])];
    const creating = createTorrentFile({
      name: "x",
      files,
      pieceLengthBytes: PIECE_LENGTH_BYTES,
      signal: controller.signal,
    });
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(creating).rejects.toBe(reason);
  });
});

function patternBytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 0xff);
}

function hashPieces(contents: readonly Uint8Array[], pieceLengthBytes = PIECE_LENGTH_BYTES): Buffer {
  const all = Buffer.concat(contents);
  const hashes: Buffer[] = [];
  for (let start = 0; start < all.length; start += pieceLengthBytes) {
    hashes.push(
      createHash("sha1")
        .update(all.subarray(start, start + pieceLengthBytes))
        .digest(),
    );
  }
  return Buffer.concat(hashes);
}

import { readdirSync, readFileSync } from "node:fs";
import { lstat, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Problem, Torrent } from "@riptide/http";
import { createRandom } from "@riptide/sim";
import { parseTorrentFile } from "@riptide/swarm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rawRequest, statusOf } from "../../packages/http/test/support/raw-client.ts";
import { makeTorrent } from "../support/made-torrent.ts";
import { type RunningRiptide, startQuietRiptide } from "../support/riptide.ts";
import { type ScriptedSeed, startScriptedSeed } from "../support/scripted-seed.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

/** All of ../shared/corpus/torrents. */
const CORPUS = new URL("../../packages/swarm/test/metainfo/corpus/", import.meta.url);
/** Those that libtorrent refuses, and so do we. What is v2 only is refused as well. */
const REFUSED = [
  ..."duplicate_files2 invalid_info invalid_path_list invalid_pieces missing_path_list negative_file_size".split(" "),
  ..."negative_size no_files unaligned_pieces v2_deep_recursion v2_empty_filename v2_invalid_file".split(" "),
  ..."v2_invalid_piece_layer v2_invalid_piece_layer_size v2_large_file v2_mismatching_metadata".split(" "),
  ..."v2_non_multiple_piece_layer v2_overlong_integer v2_piece_size v2_unknown_piece_layer_entry".split(" "),
  ..."v2_zero_root zero2".split(" "),
];
/** Parsing a file of some KiB takes milliseconds. */
const ANSWER_LIMIT_MS = 2_000;

const HOSTILE_PATHS = [
  ["..", "evil"],
  ["/absolute"],
  ["a", "..", "..", "up"],
  ["..\\windows"],
  ["CON"],
  ["nul\u0000byte"],
  ["line\r\nbreak"],
  ["long".repeat(1_250)],
  [".riptide", "verified"],
  [".riptide", "info"],
  [""],
  ["", "empty", ""],
  ["."],
  ["Same"],
  ["same"],
  ["~root"],
  ["-y.mkv"],
  ["trailing. . ."],
  ["%2e%2e%2fescaped"],
  ["$(touch up)`touch up`"],
];
const hostile = makeTorrent(
  "../..",
  HOSTILE_PATHS.map((path, index) => ({ path, bytes: createRandom(index).bytes(5_000) })),
);
const planted = makeTorrent("film", [{ path: ["sub", "film.mkv"], bytes: createRandom(9).bytes(5_000) }]);
const plantedWhole = makeTorrent("whole", [{ path: ["film.mkv"], bytes: createRandom(10).bytes(5_000) }]);

let top: TemporaryFolder;
/** Where the folder of data is, one level below the top. */
let yard: string;
let untouched: readonly string[];
let seeds: ScriptedSeed[];
let riptide: RunningRiptide;
/** Its folder of data lies in a folder with things that are not its own. */
beforeAll(async () => {
  top = await temporaryFolder("yard");
  yard = join(top.path, "yard");
  for (const folder of ["data", "elsewhere/sub"]) await mkdir(join(yard, folder), { recursive: true });
  for (const folder of [yard, top.path]) await writeFile(join(folder, "mine.txt"), "not yours");
  await mkdir(join(yard, "data", planted.infoHash));
  await symlink(join(yard, "elsewhere/sub"), join(yard, "data", planted.infoHash, "sub"));
  await symlink(join(yard, "elsewhere"), join(yard, "data", plantedWhole.infoHash));
  seeds = await Promise.all([hostile, planted, plantedWhole].map((torrent) => startScriptedSeed({ torrent })));
  const peers = seeds.map(({ peer }) => `--peer=${peer.host}:${peer.port}`);
  riptide = await startQuietRiptide(join(yard, "data"), ...peers);
  untouched = await pathsOutside([]);
});
afterAll(async () => {
  await riptide[Symbol.asyncDispose]();
  for (const seed of seeds) await seed[Symbol.asyncDispose]();
  await top[Symbol.asyncDispose]();
});

describe("T6 a torrent that names places outside", () => {
  it("T6 of the corpus is listed with its files or refused with a reason, and touches nothing but its folder", async () => {
    const names = readdirSync(CORPUS).filter((name) => name.endsWith(".torrent"));
    const infoHashes = new Set<string>();
    const refused = new Map<string, Problem>();
    for (const name of names) {
      const startedMs = performance.now();
      const response = await post(readFileSync(new URL(name, CORPUS)));
      expect(performance.now() - startedMs).toBeLessThan(ANSWER_LIMIT_MS);
      const key = name.slice(0, -".torrent".length);
      if (response.status === 201) infoHashes.add(((await response.json()) as Torrent).infoHash);
      else refused.set(key, await problemOf(response));
    }
    expect([names.length, REFUSED.filter((name) => !refused.has(name))]).toEqual([54, []]);
    for (const [name, problem] of refused) {
      expect([name, problem.status, problem.code]).toEqual([
        name,
        422,
        expect.stringMatching(/^(bad_torrent|unsupported_v2)$/),
      ]);
    }
    expect(["no_files", "v2_no_piece_layers"].map((name) => refused.get(name)?.code)).toEqual([
      "bad_torrent",
      "unsupported_v2",
    ]);
    expect([infoHashes.size > 20, refused.size > 20]).toEqual([true, true]);
    for (const infoHash of infoHashes) {
      const { state, files } = await riptide.torrent(infoHash);
      expect([state, files.length > 0]).toEqual(["ready", true]);
      for (const { index } of files.slice(0, 3)) {
        const map = await riptide.api(`/api/torrents/${infoHash}/files/${index}/map`);
        expect(map).toEqual({ available: [], wanted: [], reading: [] });
      }
    }
    expect(await pathsOutside([...infoHashes])).toEqual(untouched);
  });

  it("T6 is downloaded whole, into its own folder, and served by number", async () => {
    const { files } = (await (await post(hostile.torrentFile)).json()) as Torrent;
    expect(files).toHaveLength(HOSTILE_PATHS.length);
    for (const { index } of files) {
      const response = await fetch(`${riptide.url}/stream/${hostile.infoHash}/${index}/direct`);
      const bytes = Buffer.from(await response.arrayBuffer());
      expect(bytes.equals(hostile.bytes.subarray(index * 5_000, (index + 1) * 5_000))).toBe(true);
    }
    const inside = await readdir(join(yard, "data", hostile.infoHash), { recursive: true, withFileTypes: true });
    expect(inside.filter((entry) => !entry.isFile() && !entry.isDirectory())).toEqual([]);
    expect(await pathsOutside([])).toEqual(untouched);
  });

  it.each([
    "/../../../../etc/passwd",
    "/..%2f..%2fetc%2fpasswd",
    "/%2e%2e/%2e%2e/mine.txt",
    "/assets/..%5c..%5cmine.txt",
    "/stream/HASH/../../../mine.txt",
    "/stream/HASH/0/hls/..%2f..%2f..%2fmine.txt",
    "/stream/HASH/0/subtitles/..%2f..%2fmine.txt",
    "/stream/HASH/0/attachments/..%2f0",
    "/stream/HASH/..%2f0/direct",
    "/stream/HASH/-1/direct",
    "/stream/HASH/99/direct",
  ])("T6 no address leads to a file on disk: %s", async (path) => {
    // Over a bare socket: `fetch` would take the dots away.
    const target = path.replace("HASH", hostile.infoHash);
    const lines = [`GET ${target} HTTP/1.1`, "Host: localhost", "Connection: close"];
    const answer = await rawRequest(Number(new URL(riptide.url).port), lines);
    expect([400, 404]).toContain(statusOf(answer));
    expect(answer.body.toString()).not.toMatch(/not yours|root:/);
  });
});

describe("T7 a link that was planted where a torrent will be stored", () => {
  it.each([
    ["in place of its folder", plantedWhole],
    ["in place of a folder in it", planted],
  ])("T7 %s is not followed", async (_where, torrent) => {
    const added = await post(torrent.torrentFile);
    const refused = added.ok ? await fetch(`${riptide.url}/stream/${torrent.infoHash}/0/direct`) : added;
    expect([refused.status, await refused.json()]).toMatchObject([500, { code: "storage_failed" }]);
    expect(await readdir(join(yard, "elsewhere"), { recursive: true })).toEqual(["sub"]);
    const link = join(yard, "data", torrent.infoHash, ...(torrent === planted ? ["sub"] : []));
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
  });

  it("T7 and one that a torrent asks for is an empty file", async () => {
    const bytes = readFileSync(new URL("symlink1.torrent", CORPUS));
    const { infoHash } = parseTorrentFile(bytes);
    await post(bytes);
    const { files } = await riptide.torrent(infoHash);
    expect(files.map(({ path, length }) => [path, length])).toContainEqual(["a/b/foo", 0]);
    const folder = await readdir(join(yard, "data", infoHash), { recursive: true, withFileTypes: true });
    expect(folder.filter((entry) => entry.isSymbolicLink())).toEqual([]);
  });
});

/**
 * All that is in the folder of none of these torrents, nor of the hostile ones, up to one level above the yard: path, inode, and content. Who
 * writes through a link, or puts another file in the place of one, is seen as well.
 */
async function pathsOutside(infoHashes: readonly string[]): Promise<string[]> {
  const known = await riptide.api<{ torrents: Torrent[] }>("/api/torrents");
  const own = [
    ...infoHashes,
    ...known.torrents.map(({ infoHash }) => infoHash),
    planted.infoHash,
    plantedWhole.infoHash,
  ];
  const paths = await readdir(top.path, { recursive: true });
  const outside = paths.filter((path) => !own.some((infoHash) => path.startsWith(`yard/data/${infoHash}`))).sort();
  return await Promise.all(
    outside.map(async (path) => {
      const stats = await lstat(join(top.path, path));
      const content = stats.isFile() ? await readFile(join(top.path, path), "latin1") : "";
      return `${path} ${stats.ino} ${stats.mode} ${content}`;
    }),
  );
}

function post(torrentFile: Uint8Array): Promise<Response> {
  return fetch(`${riptide.url}/api/torrents`, {
    method: "POST",
    headers: { "content-type": "application/x-bittorrent" },
    body: Buffer.from(torrentFile),
  });
}

async function problemOf(response: Response): Promise<Problem> {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  return (await response.json()) as Problem;
}

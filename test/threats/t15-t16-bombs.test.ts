import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { createServer } from "node:http";
import type { Problem, Readiness } from "@riptide/http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BencodeInput, encodeBencode } from "../../packages/swarm/src/metainfo/bencode.ts";
import { HOSTILE_BENCODE } from "../../packages/swarm/test/metainfo/hostile-bencode.ts";
import { listening } from "../support/listening.ts";
import { residentBytes } from "../support/resident-bytes.ts";
import { startThreatened, type Threatened } from "../support/threatened.ts";
import { waitUntil } from "../support/wait.ts";

const MIB = 1024 * 1024;
/** Of the machine that is busy with other tests as well; alone, none takes 200 ms. */
const ANSWER_LIMIT_MS = 3_000;
const GROWTH_LIMIT_BYTES = 32 * MIB;
/** What Node has not yet given back of a 10 MiB body and its copies, whatever is in it. */
const UPLOAD_BYTES = 96 * MIB;

const BOMBS: readonly (readonly [string, Uint8Array])[] = [
  ...HOSTILE_BENCODE,
  ["20,000 lists in each other", Buffer.alloc(20_000, "l")],
  // Well-formed: only a limit of depth stands between it and the stack.
  ["20,000 lists that are closed again", Buffer.from(`d4:info${"l".repeat(20_000)}${"e".repeat(20_000)}e`)],
  ["2 million lists that are closed again", Buffer.from(`${"l".repeat(2_000_000)}${"e".repeat(2_000_000)}`)],
  ["a string longer than the input", Buffer.from("d4:info9999999999:")],
  ["negative zero", Buffer.from("d4:infoi-0ee")],
  ["a prototype", Buffer.from("d9:__proto__d6:lengthi1eee")],
  ["an info with a prototype", Buffer.from("d4:infod9:__proto__d4:name1:xe11:constructor1:xee")],
  ["nothing", new Uint8Array()],
  ["noise", Buffer.alloc(100_000, 0xff)],
  ["11 MiB", Buffer.alloc(11 * MIB, "i")],
];

let us: Threatened;
let trackers: Awaited<ReturnType<typeof startTrackers>>;
beforeAll(async () => {
  trackers = await startTrackers();
  // Only trackers that the command line names may be on this machine.
  us = await startThreatened({ words: [trackers.magnet] });
});
afterAll(async () => {
  await us[Symbol.asyncDispose]();
  await trackers[Symbol.asyncDispose]();
});

describe("T15 a bencode bomb", () => {
  it.each(BOMBS)("T15 of %s is refused at once, and the program lives", async (_what, body) => {
    const startedMs = performance.now();
    const response = await post(body);
    const problem = (await response.json()) as Problem;
    expect(performance.now() - startedMs).toBeLessThan(ANSWER_LIMIT_MS);
    expect([400, 413, 422]).toContain(response.status);
    expect(problem.code).toMatch(/^(bad_torrent|payload_too_large)$/);
    expect((await fetch(`${us.riptide.url}/livez`)).status).toBe(200);
  });

  it("T15 in the answer of a tracker ends nothing either", async () => {
    await waitUntil("all have answered", () => trackers.answered.size === BOMBS.length);
    const { status, engine } = await us.riptide.api<Readiness>("/readyz");
    expect([status, engine.restarts]).toEqual(["ready", 0]);
  });

  it("T15 none of them is kept in memory", async () => {
    const before = await residentBytes(us.riptide.process.child.pid!);
    for (let round = 0; round < 3; round += 1) {
      for (const [, body] of BOMBS) await (await post(body)).arrayBuffer();
    }
    expect((await residentBytes(us.riptide.process.child.pid!)) - before).toBeLessThan(UPLOAD_BYTES);
  });
});

describe("T16 a torrent bomb", () => {
  it.each<[string, Uint8Array]>([
    ["no piece length", one({ "piece length": 0 })],
    ["a negative piece length", one({ "piece length": -16_384 })],
    ["pieces of 1 GiB", one({ "piece length": 2 ** 30 })],
    ["pieces of a byte", one({ "piece length": 1 })],
    ["fewer hashes than pieces", one({ length: 2 ** 40 })],
    ["more hashes than pieces", one({ pieces: pieces(100_000) })],
    ["half a hash", one({ pieces: Buffer.alloc(19) })],
    ["a negative length", one({ length: -1 })],
    ["8 PiB in one piece", one({ length: 2 ** 53 - 1 })],
    ["lengths whose sum is beyond all numbers", many(Array.from({ length: 8 }, (_, n) => file(2 ** 53 - 1, `${n}`)))],
    [
      "200,000 files",
      many(
        Array.from({ length: 200_000 }, (_, n) => file(0, `${n}`)),
        0,
      ),
    ],
    ["200 folders in each other", many([file(16_384, ...Array.from({ length: 200 }, () => "d"))])],
    ["1,000 files of one name", many(Array.from({ length: 1_000 }, () => file(16, "same")))],
    ["no files", many([])],
    ["a name of its type", one({ name: 7 })],
  ])("T16 of %s is refused, or costs next to nothing", async (_what, torrentFile) => {
    const pid = us.riptide.process.child.pid!;
    const before = await residentBytes(pid);
    const startedMs = performance.now();
    const response = await post(torrentFile);
    expect(performance.now() - startedMs).toBeLessThan(ANSWER_LIMIT_MS);
    expect([response.status, ((await response.json()) as Problem).code]).toEqual([422, "bad_torrent"]);
    expect((await residentBytes(pid)) - before).toBeLessThan(GROWTH_LIMIT_BYTES);
  });

  it("T16 of 400,000 pieces is listed and costs some bits a piece", async () => {
    const pid = us.riptide.process.child.pid!;
    const before = await residentBytes(pid);
    const count = 400_000;
    const hashes = Buffer.concat(Array.from({ length: count }, (_, n) => createHash("sha1").update(`${n}`).digest()));
    const response = await post(one({ length: count * 16_384, pieces: hashes }));
    expect(response.status).toBe(201);
    // The hashes themselves are 8 MB, on both threads, and in the body.
    expect((await residentBytes(pid)) - before).toBeLessThan(UPLOAD_BYTES);
  });

  it("T16 of libtorrent's that claims 5 GB takes no disk", async () => {
    const large = readFileSync(new URL("../../packages/swarm/test/metainfo/corpus/large.torrent", import.meta.url));
    expect((await post(large)).status).toBe(201);
    expect(await allocatedBytes(us.folder)).toBeLessThan(32 * MIB);
  });
});

/** A tracker for each bomb, and a magnet with all of them. */
async function startTrackers() {
  const answered = new Set<string>();
  const server = createServer((request, response) => {
    const path = request.url!.split("?")[0]!;
    response.once("close", () => answered.add(path)).end(BOMBS[Number(path.slice(1))]![1]);
  });
  const { port, [Symbol.asyncDispose]: close } = await listening(server);
  const urls = BOMBS.map((_bomb, number) => `tr=${encodeURIComponent(`http://127.0.0.1:${port}/${number}`)}`);
  return {
    answered,
    magnet: [`magnet:?xt=urn:btih:${"b".repeat(40)}`, ...urls].join("&"),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await close();
    },
  };
}

function pieces(count: number): Uint8Array {
  return Buffer.alloc(20 * count, 7);
}

function one(fields: Readonly<Record<string, BencodeInput>>): Uint8Array {
  return encodeBencode({ info: { length: 16_384, name: "x", "piece length": 16_384, pieces: pieces(1), ...fields } });
}

function many(files: BencodeInput, count = 1): Uint8Array {
  return encodeBencode({ info: { files, name: "x", "piece length": 16_384, pieces: pieces(count) } });
}

function file(length: number, ...path: string[]): BencodeInput {
  return { length, path };
}

async function allocatedBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true });
  const sizes = await Promise.all(entries.map(async (entry) => (await lstat(`${folder}/${entry}`)).blocks * 512));
  return sizes.reduce((sum, size) => sum + size, 0);
}

function post(body: Uint8Array): Promise<Response> {
  return fetch(`${us.riptide.url}/api/torrents`, {
    method: "POST",
    headers: { "content-type": "application/x-bittorrent" },
    body: Buffer.from(body),
  });
}

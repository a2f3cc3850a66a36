import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  openRequest,
  type RawAnswer,
  rawRequest,
  readToEnd,
  statusOf,
} from "../../packages/http/test/support/raw-client.ts";
import { demoFilmPath } from "../../packages/media/test/support/corpus.ts";
import { type MadeTorrent, makeTorrent } from "../support/made-torrent.ts";
import { readMetrics } from "../support/metrics.ts";
import { residentBytes } from "../support/resident-bytes.ts";
import { isSoak } from "../support/soak.ts";
import { startThreatened, type Threatened } from "../support/threatened.ts";
import { waitUntil } from "../support/wait.ts";

const MIB = 1024 * 1024;
const LONG_BYTES = 24 * MIB;
const STALLED_READERS = isSoak ? 500 : 250;
/** Of the 2,048 connections that the server takes. */
const SHARE = 1_024;
/** As a busy machine sends it; alone, it takes milliseconds. */
const FIRST_BYTE_LIMIT_MS = 1_000;
/** The limit of the header, 15 s, how often it is looked at, 5 s, and some for a busy machine. */
const SLOW_HEADER_LIMIT_MS = 40_000;

let film: Buffer;
let torrent: MadeTorrent;
let us: Threatened;
let slow: readonly { readonly socket: Socket; readonly answer: Promise<RawAnswer> }[];
beforeAll(async () => {
  film = await readFile(demoFilmPath("MP4"));
  torrent = makeTorrent("film", [
    { path: ["film.mp4"], bytes: film },
    // More than the kernel takes of it for somebody who takes nothing.
    { path: ["long.bin"], bytes: Buffer.alloc(LONG_BYTES, 7) },
  ]);
  us = await startThreatened({ torrents: [torrent] });
  for (const index of [0, 1]) await (await fetch(us.riptide.url + path(index))).arrayBuffer();
  // What takes long to be seen begins first.
  slow = [
    ["GET /livez HTTP/1.1", "Host: localhost", "X-Slow: a"],
    ["POST /api/torrents HTTP/1.1", "Host: localhost", "Content-Type: application/json"],
  ].map((lines) => {
    const socket = connect(us.port, "127.0.0.1");
    socket.write(lines.join("\r\n"));
    return { socket, answer: readToEnd(socket) };
  });
});
afterAll(() => us[Symbol.asyncDispose]());

describe("T18 a request for many ranges", () => {
  it.each([
    ["300 ranges", Array.from({ length: 300 }, (_, n) => `${n * 100}-${n * 100 + 9}`).join(",")],
    ["200 times all of it", "0-,".repeat(200).slice(0, -1)],
    ["a thousand overlapping ones", Array.from({ length: 1_000 }, (_, n) => `${n}-`).join(",")],
    ["two", "0-9,20-29"],
  ])("T18 is answered with one part at most: %s", async (_what, ranges) => {
    const pid = us.riptide.process.child.pid!;
    const before = await residentBytes(pid);
    for (let round = 0; round < 5; round += 1) {
      const response = await fetch(address(), { headers: { range: `bytes=${ranges}` } });
      const bytes = Buffer.from(await response.arrayBuffer());
      expect([200, 206]).toContain(response.status);
      expect(response.headers.get("content-type")).toBe("video/mp4");
      const [, start = "0", end = String(film.length - 1)] =
        /^bytes (\d+)-(\d+)\/\d+$/.exec(response.headers.get("content-range") ?? "") ?? [];
      expect(bytes.equals(film.subarray(Number(start), Number(end) + 1))).toBe(true);
    }
    expect((await residentBytes(pid)) - before).toBeLessThan(32 * MIB);
  });

  it("T18 and one whose header is beyond all measure is refused", async () => {
    const lines = [`GET ${path()} HTTP/1.1`, "Host: localhost", `Range: bytes=${"0-,".repeat(8_000)}0-`];
    expect(statusOf(await rawRequest(us.port, [...lines, "Connection: close"]))).toBe(431);
  });
});

describe("T19 a client that takes its time", () => {
  it(`T19 ${STALLED_READERS} readers that take nothing cost little, and keep nobody waiting`, async () => {
    const pid = us.riptide.process.child.pid!;
    const before = await residentBytes(pid);
    const heldBefore = await heldBytes();
    const readers = await Promise.all(
      Array.from({ length: STALLED_READERS }, async () => {
        const reader = openRequest(us.port, [`GET ${path(1)} HTTP/1.1`, "Host: localhost"]);
        reader.on("error", () => undefined);
        const [first] = (await once(reader, "data")) as [Buffer];
        expect(first.toString("latin1", 0, 15)).toBe("HTTP/1.1 200 OK");
        return reader.pause();
      }),
    );
    try {
      const firstBytesMs: number[] = [];
      for (let client = 0; client < 10; client += 1) {
        const startedMs = performance.now();
        const response = await fetch(address(), { headers: { range: "bytes=1000-1999" } });
        firstBytesMs.push(performance.now() - startedMs);
        expect(Buffer.from(await response.arrayBuffer()).equals(film.subarray(1_000, 2_000))).toBe(true);
      }
      expect(firstBytesMs.sort((a, b) => a - b)[5]).toBeLessThan(FIRST_BYTE_LIMIT_MS);
      // Each holds a chunk, a socket and what belongs to it; what nobody holds any more is collected some time.
      await expect.poll(async () => (await heldBytes()) - heldBefore).toBeLessThan(150 * MIB);
      // Beside that the allocator keeps some of what was there at once while kernels took gigabytes for all of them.
      expect((await residentBytes(pid)) - before).toBeLessThan(256 * MIB);
    } finally {
      for (const reader of readers) reader.destroy();
    }
    const { activeDemands } = await waitUntil("nothing is wanted any more", async () => {
      const status = await us.riptide.torrent(torrent.infoHash);
      return status.activeDemands === 0 && status;
    });
    expect(activeDemands).toBe(0);
  });

  it("T19 one address has no more connections than its share, whatever it calls itself, and others are served", async () => {
    const open: Socket[] = [];
    let closed = 0;
    try {
      for (let connection = 0; connection < SHARE + 50; connection += 1) {
        const socket = connect({ port: us.port, host: "127.0.0.1", localAddress: "127.0.0.77" });
        socket.on("error", () => undefined).once("close", () => (closed += 1));
        // T24: what a proxy would say of where it comes from lifts no limit.
        socket.write(`GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 10.0.0.${connection % 250}\r\n\r\n`);
        socket.resume();
        open.push(socket);
      }
      await waitUntil("those beyond its share are closed", () => closed >= 50);
      expect((await fetch(`${us.riptide.url}/livez`)).status).toBe(200);
      expect(open.filter((socket) => !socket.destroyed)).toHaveLength(SHARE);
    } finally {
      for (const socket of open) socket.destroy();
    }
    // They are forgotten when they are over.
    const again = await waitUntil("it is let in again", async () => {
      const socket = connect({ port: us.port, host: "127.0.0.1", localAddress: "127.0.0.77" });
      socket.write("GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
      const answer = await readToEnd(socket);
      return answer.head !== "" && answer;
    });
    expect(statusOf(again)).toBe(200);
  });

  it("T19 and never ends its header is hung up on", async () => {
    const startedMs = performance.now();
    const answers = await Promise.race([
      Promise.all(slow.map(({ answer }) => answer)),
      once(AbortSignal.timeout(SLOW_HEADER_LIMIT_MS), "abort").then(() => undefined),
    ]);
    expect(performance.now() - startedMs).toBeLessThan(SLOW_HEADER_LIMIT_MS);
    expect(answers?.map((answer) => statusOf(answer))).toEqual([408, 408]);
  });
});

describe("T24 what a proxy says, and what only looks like a request", () => {
  it.each<[string, readonly string[]]>([
    [
      "with two lengths of its body",
      ["POST /api/torrents HTTP/1.1", "Host: localhost", "Content-Length: 2", "Transfer-Encoding: chunked"],
    ],
    ["with two lengths", ["POST /api/torrents HTTP/1.1", "Host: localhost", "Content-Length: 2", "Content-Length: 3"]],
    [
      "with a coding of no name",
      ["POST /api/torrents HTTP/1.1", "Host: localhost", "Transfer-Encoding: chunked, identity"],
    ],
    ["with a folded field", ["GET / HTTP/1.1", "Host: localhost", "X-A: b", " folded: c"]],
    ["with bare line feeds", ["GET / HTTP/1.1\nHost: localhost\nX-A: b"]],
    ["with a blank before the colon", ["GET / HTTP/1.1", "Host: localhost", "Content-Length : 2"]],
    ["with a NUL in a field", ["GET / HTTP/1.1", "Host: localhost", "X-A: b\0c"]],
  ])("T24 a request %s is refused, and what follows it is not heard", async (_what, lines) => {
    const smuggled = "0\r\n\r\nGET /api/torrents HTTP/1.1\r\nHost: localhost";
    const answer = await rawRequest(us.port, [...lines, "", smuggled, "Connection: close"]);
    expect([statusOf(answer), answer.body.includes(torrent.infoHash)]).toEqual([400, false]);
  });

  it.each([
    { "x-forwarded-host": "evil.example" },
    { forwarded: 'for=127.0.0.1;host="evil.example";proto=https' },
    { "x-original-url": "/api/torrents", "x-rewrite-url": "/api/torrents" },
  ])("T24 what a proxy would say is not believed: %o", async (headers) => {
    const response = await fetch(`${us.riptide.url}/livez`, { headers });
    expect([response.status, await response.json()]).toEqual([200, { status: "ok" }]);
    const foreign = ["GET /api/torrents HTTP/1.1", "Host: evil.example", "X-Forwarded-Host: localhost"];
    expect(statusOf(await rawRequest(us.port, [...foreign, "Connection: close"]))).toBe(421);
  });

  it.each([
    ["https", "https"],
    ["javascript", "http"],
    ["https://evil.example/?", "http"],
  ])("T24 of %s in X-Forwarded-Proto a playlist takes no more than: %s", async (scheme, taken) => {
    const headers = { "x-forwarded-proto": scheme, "x-forwarded-host": "evil.example", "x-forwarded-port": "1" };
    const response = await fetch(`${us.riptide.url}/stream/${torrent.infoHash}/0/play.m3u8`, { headers });
    expect((await response.text()).split("\n")[2]).toBe(`${taken}://127.0.0.1:${us.port}${path()}`);
    expect(response.headers.get("cache-control")).toMatch(/no-store|private/);
  });
});

/** What the program holds: objects, and the memory of chunks. */
async function heldBytes(): Promise<number> {
  const samples = await readMetrics(us.riptide.url);
  return samples.get("nodejs_heap_size_used_bytes")! + samples.get("nodejs_external_memory_bytes")!;
}

function path(index = 0): string {
  return `/stream/${torrent.infoHash}/${index}/direct`;
}

function address(): string {
  return us.riptide.url + path();
}

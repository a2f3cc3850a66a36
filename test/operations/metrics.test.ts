import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readMetrics } from "../support/metrics.ts";
import { type RunningRiptide, startQuietRiptide } from "../support/riptide.ts";
import { type ScriptedSeed, startScriptedSeed } from "../support/scripted-seed.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { createTestTorrent, type TestTorrent } from "../support/test-torrent.ts";
import { waitUntil } from "../support/wait.ts";

const MIB = 1024 ** 2;
const TOKEN = "q7Zr0w_kV2mB4tYx8nUcLg";
const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };
let folder: TemporaryFolder;
let torrent: TestTorrent;
let seeds: readonly ScriptedSeed[];
let riptide: RunningRiptide;

/** A server with one torrent, a peer that lies and a slow one that does not. */
beforeAll(async () => {
  folder = await temporaryFolder("metrics");
  torrent = await createTestTorrent({ lengthBytes: 3 * MIB + 77, pieceLengthBytes: 128 * 1024 });
  seeds = await Promise.all([
    startScriptedSeed({ torrent, host: "127.0.0.2", misdeed: "poisons" }),
    startScriptedSeed({ torrent, host: "127.0.0.3", bytesPerSecond: 2 * MIB }),
  ]);
  const peers = seeds.map(({ peer }) => `--peer=${peer.host}:${peer.port}`);
  riptide = await startQuietRiptide(folder.path, `--token=${TOKEN}`, ...peers, torrent.torrentPath);
});
afterAll(async () => {
  await riptide[Symbol.asyncDispose]();
  for (const seed of seeds) await seed[Symbol.asyncDispose]();
  await torrent[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

test("metrics need the token", async () => {
  expect((await fetch(`${riptide.url}/metrics`)).status).toBe(401);
  expect((await readMetrics(riptide.url, AUTHORIZED)).get('riptide_rejected_total{reason="unauthorized"}')).toBe(1);
});

test("a file that is read whole from a peer that lies and one that does not is counted as it was", async () => {
  const path = `${riptide.url}/stream/${torrent.infoHash}/0/direct`;
  await waitUntil("both peers are met", () => seeds.every(({ counters }) => counters.connections > 0));
  const bytes = new Uint8Array(await (await fetch(path, { headers: AUTHORIZED })).arrayBuffer());
  expect(Buffer.compare(bytes, torrent.bytes)).toBe(0);
  const seek = await fetch(path, { headers: { ...AUTHORIZED, range: "bytes=1000000-1000099" } });
  expect((await seek.arrayBuffer()).byteLength).toBe(100);
  // The session tells its figures twice a second.
  const samples = await waitUntil("the liar is banned", async () => {
    const now = await readMetrics(riptide.url, AUTHORIZED);
    return now.get('riptide_peers_banned_total{reason="corrupt_piece"}') === 1 && now;
  });
  const route = 'route="/stream/:infoHash/:index/direct",method="GET"';
  const exact = {
    [`riptide_http_requests_total{${route},code="200"}`]: 1,
    [`riptide_http_requests_total{${route},code="206"}`]: 1,
    riptide_stream_bytes_total: torrent.bytes.length + 100,
    riptide_streams_active: 0,
    riptide_stream_start_seconds_count: 1,
    riptide_seek_seconds_count: 1,
    'riptide_stream_ttfb_seconds_count{source="direct"}': 2,
    'riptide_torrents{state="ready"}': 1,
    'riptide_download_bytes_total{kind="webseed"}': 0,
    riptide_cache_bytes: torrent.bytes.length,
    riptide_upload_bytes_total: 0,
    riptide_ffmpeg_processes: 0,
  };
  expect(Object.fromEntries(Object.keys(exact).map((name) => [name, samples.get(name)]))).toEqual(exact);
  expect(samples.get('riptide_download_bytes_total{kind="peer"}')).toBeGreaterThan(torrent.bytes.length);
  expect(samples.get("riptide_piece_hash_failures_total")).toBeGreaterThan(0);
  expect(samples.get("process_resident_memory_bytes")).toBeGreaterThan(MIB);
  expect(samples.get("riptide_cache_budget_bytes")).toBeUndefined();
  // Two MiB a second from the honest one: whoever reads faster waits for peers.
  expect(samples.get('riptide_stream_stall_seconds_total{cause="disk"}')).toBe(0);
});

test("a stream that waits for a peer is put down to peers", async () => {
  const stalling = await createTestTorrent({
    lengthBytes: 2 * MIB,
    pieceLengthBytes: 128 * 1024,
    seed: 2,
    name: "two",
  });
  const seed = await startScriptedSeed({ torrent: stalling, host: "127.0.0.4", stallAfterBytes: MIB });
  const { host, port } = seed.peer;
  const source = `magnet:?xt=urn:btih:${stalling.infoHash}&x.pe=${host}:${port}`;
  const body = JSON.stringify({ source });
  const headers = { ...AUTHORIZED, "content-type": "application/json" };
  expect((await fetch(`${riptide.url}/api/torrents`, { method: "POST", headers, body })).status).toBe(201);
  const response = await fetch(`${riptide.url}/stream/${stalling.infoHash}/0/direct`, { headers: AUTHORIZED });
  const whole = response.arrayBuffer();
  const stalled = async (): Promise<number> =>
    (await readMetrics(riptide.url, AUTHORIZED)).get('riptide_stream_stall_seconds_total{cause="peers"}')!;
  const before = await stalled();
  await waitUntil("the seed has sent what it sends", () => seed.counters.bytesSent >= MIB);
  // The server reads on over a new connection.
  await delay(600);
  seed.disconnect();
  expect(Buffer.compare(new Uint8Array(await whole), stalling.bytes)).toBe(0);
  expect(await stalled()).toBeGreaterThan(before + 0.5);
  expect((await readMetrics(riptide.url, AUTHORIZED)).get("riptide_metadata_seconds_count")).toBe(1);
  await seed[Symbol.asyncDispose]();
  await stalling[Symbol.asyncDispose]();
});

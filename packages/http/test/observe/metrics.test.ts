import { StreamError } from "@riptide/core";
import { createSimulatedTorrentEngine, createVirtualClock } from "@riptide/sim";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Metrics } from "../../src/observe/metrics.ts";
import { createFakeStreams } from "../support/fake-streams.ts";
import { createWorld, DELETE, FILM, FILM_BYTES, FROM_OUR_PAGE, LATE, MAGNET_ONLY } from "../support/world.ts";

const open: Metrics[] = [];
afterEach(() => {
  for (const metrics of open.splice(0)) metrics[Symbol.dispose]();
});

/** A world whose metrics count what it does. */
async function countedWorld(options: Parameters<typeof createWorld>[0] = {}) {
  const plain = await createWorld({ seeds: [] });
  const metrics = new Metrics({ ...plain, version: "1.2.3" });
  open.push(metrics);
  const world = await createWorld({ ...options, metrics, observers: [metrics] });
  return { ...world, metrics };
}

/** Metrics of an engine with two torrents to add. */
function engineMetrics() {
  const clock = createVirtualClock({ drain: () => new Promise((resolve) => setImmediate(resolve)) });
  const file = { path: "a.mp4", bytes: FILM_BYTES };
  const engine = createSimulatedTorrentEngine({
    clock,
    torrents: [
      { infoHash: FILM, name: "<Film>", files: [file], arrivals: { kind: "manual" } },
      { infoHash: LATE, name: "Late", files: [file], metadataDelayMs: 4_000 },
    ],
  });
  const streams = createFakeStreams();
  const metrics = new Metrics({ engine, streams, clock, version: "1.2.3" });
  open.push(metrics);
  const { signal } = new AbortController();
  return { clock, engine, streams, metrics, add: (source: string) => engine.add(source, { signal }), signal };
}

/** The value of one sample; undefined if there is none. */
async function sample(metrics: Metrics, name: string): Promise<number | undefined> {
  const line = (await metrics.text()).split("\n").find((candidate) => candidate.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
}

describe("requests", () => {
  test("are counted by route, method and status, whatever was asked for", async () => {
    const { send, metrics } = await countedWorld();
    for (const path of [`/api/torrents/${FILM}`, `/api/torrents/${LATE}`, "/nothing/here", "/nothing/there"]) {
      await (await send(path)).text();
    }
    await (await send("/api/torrents", { method: "PROPFIND", headers: FROM_OUR_PAGE })).text();
    await (await send(`/api/torrents/${FILM}`, DELETE)).text();
    const count = (route: string, method: string, code: number): Promise<number | undefined> =>
      sample(metrics, `riptide_http_requests_total{route="${route}",method="${method}",code="${code}"}`);
    expect(await count("/api/torrents/:infoHash", "GET", 200)).toBe(1);
    expect(await count("/api/torrents/:infoHash", "GET", 404)).toBe(1);
    expect(await count("/api/torrents/:infoHash", "DELETE", 204)).toBe(1);
    expect(await count("none", "GET", 404)).toBe(2);
    expect(await count("/api/torrents", "other", 405)).toBe(1);
    expect(await sample(metrics, 'riptide_rejected_total{reason="torrent_not_found"}')).toBe(1);
    expect(await sample(metrics, 'riptide_rejected_total{reason="not_found"}')).toBe(2);
    expect(await sample(metrics, 'riptide_http_request_duration_seconds_count{route="none",method="GET"}')).toBe(2);
  });

  test("that are turned away before routing are counted by why", async () => {
    const { send, metrics } = await countedWorld({ token: "secret" });
    await (await send("/metrics")).text();
    await (await send("/livez", { headers: { host: "evil.example" } })).text();
    expect(await sample(metrics, 'riptide_rejected_total{reason="unauthorized"}')).toBe(1);
    expect(await sample(metrics, 'riptide_rejected_total{reason="misdirected"}')).toBe(1);
  });

  test("for the metrics are answered in the format of Prometheus, to those who have the token", async () => {
    const { send } = await countedWorld({ token: "secret" });
    const response = await send("/metrics", { headers: { authorization: "Bearer secret" } });
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const text = await response.text();
    expect(text).toContain(`riptide_build_info{version="1.2.3",node="${process.version}"} 1`);
    expect(text).toMatch(/^process_resident_memory_bytes \d+/m);
    expect(text).toMatch(/^nodejs_eventloop_lag_seconds \d/m);
    // Every name of ours has a unit or is a count, and nothing says which film it was.
    const names = [...text.matchAll(/^# TYPE (riptide_\S+) (\S+)/gm)].map(([, name, type]) => `${name} ${type}`);
    expect(names.filter((name) => name.endsWith(" counter")).every((name) => name.endsWith("_total counter"))).toBe(
      true,
    );
    expect(names.filter((name) => name.endsWith(" histogram")).every((name) => /_seconds hist/.test(name))).toBe(true);
    expect(names.length).toBeGreaterThan(20);
    expect(text).not.toMatch(/[0-9a-f]{40}/);
  });
});

test("without metrics there is no such address", async () => {
  const { send } = await createWorld();
  expect((await send("/metrics")).status).toBe(404);
});

describe("torrents", () => {
  test("are counted by state, and metadata is timed", async () => {
    const { metrics, add, clock } = engineMetrics();
    await add(FILM);
    await add(LATE);
    await add(MAGNET_ONLY);
    await clock.advance(5_000);
    const states = await Promise.all(
      ["ready", "metadata", "failed"].map((state) => sample(metrics, `riptide_torrents{state="${state}"}`)),
    );
    expect(states).toEqual([2, 1, 0]);
    expect(await sample(metrics, "riptide_metadata_seconds_sum")).toBeCloseTo(4, 0);
    expect(await sample(metrics, "riptide_metadata_seconds_count")).toBe(2 - 1);
  });

  test("that are removed stay in the totals, and their bytes leave the cache", async () => {
    const { metrics, engine, add, signal } = engineMetrics();
    await add(FILM);
    engine.provider(FILM, 0).deliver(0);
    expect(await sample(metrics, 'riptide_download_bytes_total{kind="peer"}')).toBe(262_144);
    expect(await sample(metrics, "riptide_cache_bytes")).toBe(262_144);
    await engine.remove(FILM, { deleteData: true, signal });
    expect(await sample(metrics, 'riptide_download_bytes_total{kind="peer"}')).toBe(262_144);
    expect(await sample(metrics, "riptide_cache_bytes")).toBe(0);
    expect(await sample(metrics, "riptide_cache_budget_bytes")).toBeUndefined();
  });

  test("processes of ffmpeg are counted while they run and when they end", async () => {
    const { metrics, streams } = engineMetrics();
    const exits = { finished: 1, stopped: 2, failed: 3, crashed: 4, stalled: 5 };
    streams.ffmpeg = { version: "7", active: 3, limit: 8, exits };
    expect(await sample(metrics, "riptide_ffmpeg_processes")).toBe(3);
    expect(await sample(metrics, 'riptide_ffmpeg_exits_total{reason="stalled"}')).toBe(5);
    streams.ffmpeg = undefined;
    expect(await sample(metrics, "riptide_ffmpeg_processes")).toBe(0);
  });
});

describe("streams", () => {
  test("tell their bytes, their start, and that they are over", async () => {
    const { send, metrics } = await countedWorld();
    const response = await send(`/stream/${FILM}/0/direct`);
    expect(await sample(metrics, "riptide_streams_active")).toBe(1);
    expect((await response.arrayBuffer()).byteLength).toBe(FILM_BYTES.length);
    expect(await sample(metrics, "riptide_streams_active")).toBe(0);
    expect(await sample(metrics, "riptide_stream_bytes_total")).toBe(FILM_BYTES.length);
    expect(await sample(metrics, 'riptide_stream_ttfb_seconds_count{source="direct"}')).toBe(1);
    expect(await sample(metrics, "riptide_stream_start_seconds_count")).toBe(1);
    expect(await sample(metrics, "riptide_seek_seconds_count")).toBe(0);
  });

  test("that begin elsewhere are seeks", async () => {
    const { send, metrics } = await countedWorld();
    await (await send(`/stream/${FILM}/0/direct`, { headers: { range: "bytes=1000-" } })).arrayBuffer();
    await (await send(`/stream/${FILM}/0/remux.mp4?t=30`)).arrayBuffer();
    await (await send(`/stream/${FILM}/0/direct`, { headers: { range: "bytes=-1000" } })).arrayBuffer();
    await (await send(`/stream/${FILM}/0/direct`, { method: "HEAD" })).arrayBuffer();
    expect(await sample(metrics, "riptide_seek_seconds_count")).toBe(2);
    expect(await sample(metrics, "riptide_stream_start_seconds_count")).toBe(0);
  });

  test("whose client goes are over as well", async () => {
    const { send, metrics } = await countedWorld();
    const response = await send(`/stream/${FILM}/0/direct`);
    await response.body!.cancel();
    expect(await sample(metrics, "riptide_streams_active")).toBe(0);
  });

  test("that wait say for whom: peers that send nothing, and a client that takes nothing", async () => {
    const { provider, stalls, reader, clock } = await waitingStream();
    await clock.advance(100);
    const second = reader.read();
    await clock.advance(3_000);
    provider.deliver(1);
    await second;
    expect(await stalls()).toEqual({ peers: 3, disk: 0, ffmpeg: 0, client: 0 });
    await clock.advance(2_000);
    const third = reader.read();
    // Not long enough to be noticed.
    await clock.advance(100);
    provider.deliver(2);
    await third;
    expect(await stalls()).toEqual({ peers: 3, disk: 0, ffmpeg: 0, client: 2 });
    await clock.advance(1_000);
    await reader.cancel();
    expect(await stalls()).toEqual({ peers: 3, disk: 0, ffmpeg: 0, client: 3 });
  });

  test("that a viewer leaves while he waits for peers, or that fail then, waited for peers", async () => {
    const left = await waitingStream();
    const second = left.reader.read();
    await left.clock.advance(4_000);
    await left.reader.cancel();
    await second;
    expect(await left.stalls()).toEqual({ peers: 4, disk: 0, ffmpeg: 0, client: 0 });
    const failed = await waitingStream();
    const failing = failed.reader.read();
    await failed.clock.advance(30_000);
    failed.provider.fail(new StreamError("no_peers", "Nobody has it."));
    await expect(failing).rejects.toThrow("Nobody has it.");
    expect(await failed.stalls()).toEqual({ peers: 30, disk: 0, ffmpeg: 0, client: 0 });
  });

  test("whose disk is full when they begin to wait, or gets full meanwhile, wait for the disk, not for peers", async () => {
    const { provider, stalls, reader, clock, engine } = await waitingStream();
    const torrent = engine.get(FILM)!;
    const fill = () =>
      vi.spyOn(engine, "get").mockReturnValue({ ...torrent, error: { code: "disk_full", message: "Full." } });
    const full = fill();
    const second = reader.read();
    await clock.advance(2_000);
    full.mockRestore();
    provider.deliver(1);
    await second;
    expect(await stalls()).toEqual({ peers: 0, disk: 2, ffmpeg: 0, client: 0 });
    const third = reader.read();
    await clock.advance(1_000);
    fill();
    provider.deliver(2);
    await third;
    expect(await stalls()).toEqual({ peers: 0, disk: 3, ffmpeg: 0, client: 0 });
    await reader.cancel();
  });
});

/** A stream whose first bytes were read; what comes next is the test's to deliver. */
async function waitingStream() {
  const file = { path: "film.mp4", bytes: FILM_BYTES };
  const seed = { infoHash: FILM, name: "Film", files: [file], arrivals: { kind: "manual" } } as const;
  const { send, metrics, engine, clock, add } = await countedWorld({ seeds: [seed] });
  await add(FILM);
  const provider = engine.provider(FILM, 0);
  provider.deliver(0);
  const reader = (await send(`/stream/${FILM}/0/direct`)).body!.getReader();
  await reader.read();
  const causes = ["peers", "disk", "ffmpeg", "client"];
  const seconds = (cause: string) => sample(metrics, `riptide_stream_stall_seconds_total{cause="${cause}"}`);
  const stalls = async () =>
    Object.fromEntries(await Promise.all(causes.map(async (cause) => [cause, await seconds(cause)])));
  return { provider, stalls, reader, clock, engine };
}

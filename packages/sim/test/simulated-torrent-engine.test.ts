import { getEventListeners } from "node:events";
import { type EngineEvent, type RiptideError, StreamError } from "@riptide/core";
import {
  createRandom,
  createSimulatedTorrentEngine,
  createVirtualClock,
  type SimulatedTorrentEngine,
  type SimulatedTorrentSeed,
  type VirtualClock,
} from "@riptide/sim";
import { beforeEach, describe, expect, it } from "vitest";
import { drainEventLoop } from "./support/drain-event-loop.ts";

const NEVER = new AbortController().signal;
const KIB = 1024;
const FILM = "a".repeat(40);
const SLOW = "b".repeat(40);
const NOBODY = "c".repeat(40);
const TORRENT_FILE = createRandom(9).bytes(100);
const BYTES = createRandom(1).bytes(300 * KIB);

const TORRENTS: readonly SimulatedTorrentSeed[] = [
  {
    infoHash: FILM,
    name: "A film",
    files: [
      { path: "A film/film.mkv", bytes: BYTES },
      { path: "A film/readme.txt", bytes: BYTES.slice(0, 100) },
    ],
    sources: ["https://example.org/film.torrent", TORRENT_FILE],
  },
  {
    infoHash: SLOW,
    name: "A slow film",
    files: [{ path: "slow.mp4", bytes: BYTES }],
    pieceLengthBytes: 64 * KIB,
    metadataDelayMs: 1000,
    arrivals: { kind: "swarm", bytesPerSecond: 64 * KIB, latencyMs: 0 },
  },
];

describe("a simulated torrent engine", () => {
  let clock: VirtualClock;
  let engine: SimulatedTorrentEngine;
  let events: EngineEvent[];

  beforeEach(() => {
    clock = createVirtualClock({ drain: drainEventLoop });
    engine = createSimulatedTorrentEngine({ clock, torrents: TORRENTS });
    events = [];
    engine.subscribe((event) => events.push(event));
  });

  const add = (source: string | Uint8Array) => engine.add(source, { signal: NEVER });
  const open = (infoHash: string, index = 0) => engine.openFile(infoHash, index, { signal: NEVER });

  describe("adding", () => {
    it.each([
      { title: "its info hash", source: FILM },
      { title: "its info hash in capitals", source: FILM.toUpperCase() },
      { title: "a magnet", source: `magnet:?xt=urn:btih:${FILM}` },
      { title: "a magnet with more in it", source: `magnet:?dn=Film%20%26%20more&xt=urn:btih:${FILM}&tr=udp://t:1` },
      { title: "the address of its .torrent file", source: "https://example.org/film.torrent" },
      { title: "the bytes of its .torrent file", source: TORRENT_FILE.slice() },
    ])("finds a torrent by $title", async ({ source }) => {
      const status = await add(source);
      expect(status).toMatchObject({
        infoHash: FILM,
        name: "A film",
        state: "ready",
        sizeBytes: 300 * KIB + 100,
        pieceLengthBytes: 256 * KIB,
        verifiedBytes: 300 * KIB + 100,
        downloadedBytes: 0,
        connectedPeers: 1,
        activeDemands: 0,
        error: undefined,
      });
      expect(status.files).toEqual([
        { index: 0, path: "A film/film.mkv", lengthBytes: 300 * KIB, verifiedBytes: 300 * KIB },
        { index: 1, path: "A film/readme.txt", lengthBytes: 100, verifiedBytes: 100 },
      ]);
      expect(engine.list()).toEqual([status]);
      expect(engine.get(FILM)).toEqual(status);
      expect(events[0]).toEqual({ type: "added", torrent: status });
    });

    it.each([
      { title: "text", source: "not a torrent", code: "bad_source" },
      { title: "a magnet of version 2 only", source: "magnet:?xt=urn:btmh:1220aa", code: "unsupported_v2" },
      { title: "an address that nobody serves", source: "http://example.org/other.torrent", code: "fetch_failed" },
      { title: "bytes that are no .torrent file", source: new Uint8Array(100), code: "bad_torrent" },
    ])("rejects $title as $code", async ({ source, code }) => {
      await expect(add(source)).rejects.toMatchObject({ name: "SourceError", code });
      expect(engine.list()).toEqual([]);
    });

    it("lists a torrent that nobody shares, under its display name, without ever learning its files", async () => {
      const status = await add(`magnet:?xt=urn:btih:${NOBODY}&dn=Lost%20film`);
      await clock.advance(1e9);
      expect(engine.get(NOBODY)).toEqual(status);
      expect(status).toMatchObject({
        name: "Lost film",
        state: "metadata",
        files: [],
        sizeBytes: 0,
        connectedPeers: 0,
      });
    });

    it("gives the torrent that is there already, and tells nobody", async () => {
      const first = await add(FILM);
      expect(await add("https://example.org/film.torrent")).toBe(first);
      expect(events.filter(({ type }) => type === "added")).toHaveLength(1);
    });

    it("rejects with the reason of an aborted signal", async () => {
      const reason = new Error("changed my mind");
      await expect(engine.add(FILM, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      expect(engine.list()).toEqual([]);
    });
  });

  describe("waiting for metadata", () => {
    it("goes by the info hash until the name is known, and then tells everybody", async () => {
      const added = await add(SLOW);
      expect(added).toMatchObject({ name: SLOW, state: "metadata", pieceLengthBytes: 0 });
      await clock.advance(1500);
      expect(engine.get(SLOW)).toMatchObject({ name: "A slow film", state: "ready", pieceLengthBytes: 64 * KIB });
      expect(events.at(-1)).toMatchObject({ type: "updated", torrent: { state: "ready" } });
    });

    it("opens a file as soon as it is known", async () => {
      await add(SLOW);
      const { provider, file, torrent } = await clock.runUntil(open(SLOW), 5000);
      expect(clock.nowMs()).toBe(1000);
      expect(provider.sizeBytes).toBe(300 * KIB);
      expect(file).toEqual({ index: 0, path: "slow.mp4", lengthBytes: 300 * KIB, verifiedBytes: 0 });
      expect(torrent.state).toBe("ready");
    });

    it("stops waiting when the signal is aborted", async () => {
      await add(SLOW);
      const controller = new AbortController();
      const opening = engine.openFile(SLOW, 0, { signal: controller.signal });
      const reason = new Error("the viewer left");
      controller.abort(reason);
      await expect(opening).rejects.toBe(reason);
      expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    });

    it("stops waiting when the torrent is removed", async () => {
      await add(SLOW);
      const opening = open(SLOW);
      await engine.remove(SLOW, { deleteData: false, signal: NEVER });
      await expect(opening).rejects.toMatchObject({ code: "torrent_removed" });
      expect(clock.pendingTimers).toBe(0);
    });

    it("has no map yet", async () => {
      await add(SLOW);
      expectCode(() => engine.map(SLOW, 0), "file_not_found");
    });
  });

  describe("reading", () => {
    it("reads the bytes of a file", async () => {
      await add(FILM);
      const { provider } = await open(FILM, 1);
      expect(await provider.readAt(10, 1000, { signal: NEVER })).toEqual(BYTES.slice(10, 100));
    });

    it.each([2, -1, 0.5])("has no file number %d", async (index) => {
      await add(FILM);
      await expect(open(FILM, index)).rejects.toMatchObject({ code: "file_not_found" });
      expectCode(() => engine.map(FILM, index), "file_not_found");
    });

    it("does not know torrents that were never added", async () => {
      await expect(open(FILM)).rejects.toMatchObject({ code: "torrent_not_found" });
      await expect(engine.remove(FILM, { deleteData: true, signal: NEVER })).rejects.toMatchObject({
        code: "torrent_not_found",
      });
      expectCode(() => engine.map(FILM, 0), "torrent_not_found");
      expectCode(() => engine.provider(FILM, 0), "torrent_not_found");
      expect(engine.get(FILM)).toBeUndefined();
    });

    it("maps what is there, wanted and being read", async () => {
      await add(SLOW);
      const { provider } = await clock.runUntil(open(SLOW), 5000);
      provider.want({ range: { start: 0, end: 128 * KIB }, urgency: "soon" });
      await clock.advance(1000);
      const controller = new AbortController();
      const read = provider.readAt(200 * KIB, 10, { signal: controller.signal });
      expect(engine.map(SLOW, 0)).toEqual({
        available: [{ start: 0, end: 64 * KIB }],
        wanted: [
          { start: 0, end: 128 * KIB },
          { start: 200 * KIB, end: 200 * KIB + 10 },
        ],
        reading: [{ start: 200 * KIB, end: 200 * KIB + 10 }],
      });
      controller.abort();
      await expect(read).rejects.toBe(controller.signal.reason);
    });
  });

  describe("telling of changes", () => {
    it("comes at most every 500 ms for each torrent, with the rate since, and ends with a rate of 0", async () => {
      await add(SLOW);
      const { provider } = await clock.runUntil(open(SLOW), 5000);
      await clock.advance(1000);
      events.length = 0;
      const startMs = clock.nowMs();
      const timesMs: number[] = [];
      const listening = engine.subscribe(() => timesMs.push(clock.nowMs() - startMs));
      provider.want({ range: { start: 0, end: 128 * KIB }, urgency: "soon" });
      await clock.advance(10_000);
      const gaps = timesMs.slice(1).map((timeMs, index) => timeMs - timesMs[index]!);
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(500);
      const rates = events.flatMap((event) => (event.type === "updated" ? [event.torrent.downloadBytesPerSecond] : []));
      expect(Math.max(...rates)).toBeCloseTo(64 * KIB, -4);
      expect(rates.at(-1)).toBe(0);
      expect(engine.get(SLOW)).toMatchObject({
        verifiedBytes: 128 * KIB,
        downloadedBytes: 128 * KIB,
        activeDemands: 1,
      });
      expect(clock.pendingTimers).toBe(0);
      listening[Symbol.dispose]();
    });

    it("gives a new snapshot when something changed, and the same while nothing does", async () => {
      await add(FILM);
      const before = engine.get(FILM);
      expect(engine.get(FILM)).toBe(before);
      engine.provider(FILM, 0).want({ range: { start: 0, end: 1 }, urgency: "later" });
      expect(before?.activeDemands).toBe(0);
      expect(engine.get(FILM)?.activeDemands).toBe(1);
    });

    it("ends when the listener is disposed", async () => {
      const heard: EngineEvent[] = [];
      engine.subscribe((event) => heard.push(event))[Symbol.dispose]();
      await add(FILM);
      expect(heard).toEqual([]);
    });
  });

  describe("failing", () => {
    const failure = new StreamError("storage_failed", "The disk cannot be written. Free some space and add it again.");

    it("puts a torrent into its failed state, and fails its readers with the same error", async () => {
      await add(SLOW);
      const { provider } = await clock.runUntil(open(SLOW), 5000);
      const reading = provider.readAt(0, 10, { signal: NEVER });
      engine.failTorrent(SLOW, failure);
      await expect(reading).rejects.toBe(failure);
      await expect(open(SLOW)).rejects.toBe(failure);
      expect(engine.get(SLOW)).toMatchObject({
        state: "failed",
        error: { code: "storage_failed", message: failure.message },
      });
    });

    it("lets a failed torrent be removed and added again", async () => {
      await add(FILM);
      engine.failTorrent(FILM, failure);
      await engine.remove(FILM, { deleteData: true, signal: NEVER });
      expect(await add(FILM)).toMatchObject({ state: "ready", error: undefined });
      expect(engine.removals).toEqual([{ infoHash: FILM, deleteData: true }]);
    });

    it("fails open readers of a removed torrent, and tells of the removal", async () => {
      await add(SLOW);
      const { provider } = await clock.runUntil(open(SLOW), 5000);
      const reading = provider.readAt(0, 10, { signal: NEVER });
      await engine.remove(SLOW, { deleteData: false, signal: NEVER });
      await expect(reading).rejects.toMatchObject({ code: "torrent_removed" });
      expect(events.at(-1)).toEqual({ type: "removed", infoHash: SLOW });
      expect([engine.list(), clock.pendingTimers]).toEqual([[], 0]);
    });
  });

  describe("dying", () => {
    it("can neither add nor remove while the session starts again, and open files go on", async () => {
      await add(FILM);
      const { provider } = await open(FILM, 1);
      engine.crash();
      const unavailable = { code: "engine_unavailable", retryAfterSeconds: 1 };
      await expect(add(SLOW)).rejects.toMatchObject(unavailable);
      await expect(engine.remove(FILM, { deleteData: true, signal: NEVER })).rejects.toMatchObject(unavailable);
      expect(await provider.readAt(0, 100, { signal: NEVER })).toEqual(BYTES.slice(0, 100));
      engine.restart();
      expect(await add(SLOW)).toMatchObject({ state: "metadata" });
      expect(events.filter(({ type }) => type === "engine")).toEqual([
        { type: "engine", health: { state: "restarting", restarts: 0 } },
        { type: "engine", health: { state: "running", restarts: 1 } },
      ]);
    });

    it("closes once: readers fail, timers end, and nothing can be added", async () => {
      await add(SLOW);
      const opening = open(SLOW);
      await engine.close();
      await engine.close();
      await expect(opening).rejects.toMatchObject({ code: "engine_unavailable" });
      await expect(add(FILM)).rejects.toMatchObject({ code: "engine_unavailable" });
      expect([engine.list(), clock.pendingTimers]).toEqual([[], 0]);
      expect(engine.health()).toEqual({ state: "closed", restarts: 0 });
      expect(events.filter(({ type }) => type === "engine")).toHaveLength(1);
    });
  });
});

function expectCode(call: () => unknown, code: RiptideError["code"]): void {
  expect(call).toThrow(expect.objectContaining({ code }));
}

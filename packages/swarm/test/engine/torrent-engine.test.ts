import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EngineEvent } from "@riptide/core";
import { afterEach, describe, expect, it } from "vitest";
import { NO_FIGURES as ZEROS } from "../../src/engine/figures.ts";
import { openTorrentEngine } from "../../src/engine/open-torrent-engine.ts";
import type { RiptideTorrentEngine } from "../../src/engine/riptide-torrent-engine.ts";
import { parseTorrentFile } from "../../src/metainfo/index.ts";
import type { SessionCommand, TorrentFigures } from "../../src/session/protocol.ts";
import { openLibrary } from "../../src/storage/index.ts";
import { virtualTime } from "../session/virtual-time.ts";
import { fakeThreads } from "./fake-threads.ts";
import { PIECE_LENGTH_BYTES, sampleTorrentFile } from "./sample-metainfo.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const { signal } = new AbortController();
const TORRENT_FILE = sampleTorrentFile([["film.mkv", 3 * PIECE_LENGTH_BYTES]], { trackers: ["http://a.example/"] });
const { infoHash: INFO_HASH, infoBytes: INFO_BYTES } = parseTorrentFile(TORRENT_FILE);
const MAGNET = `magnet:?xt=urn:btih:${INFO_HASH}`;
const PEER = { host: "10.0.0.1", port: 1 };
const NO_FIGURES: TorrentFigures = { infoHash: INFO_HASH, ...ZEROS };
const closing: (() => PromiseLike<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** An engine in virtual time on a folder of its own, whose sessions are fakes. */
async function setUp(options: { isDeaf?: () => boolean; dataDirectory?: string } = {}) {
  const folder = await temporaryFolder();
  closing.push(() => folder[Symbol.asyncDispose]());
  const dataDirectory = options.dataDirectory ?? folder.path;
  const clock = virtualTime();
  const { threads, startThread } = fakeThreads(options);
  const logged: string[] = [];
  const open = async (): Promise<RiptideTorrentEngine> => {
    const engine = await openTorrentEngine({
      dataDirectory,
      settings: { peerHost: "127.0.0.1", peerPort: 0, dht: undefined, lsd: false, uploadBytesPerSecond: undefined },
      peers: [],
      clock,
      startThread,
      log: (message) => logged.push(message),
    });
    closing.push(() => engine.close());
    return engine;
  };
  const engine = await open();
  const events: string[] = [];
  engine.subscribe((event) => events.push(spell(event)));
  /** The session has opened the torrent, and has the pieces whose bits are set. */
  const ready = (bits = 0): void => {
    const verified = new SharedArrayBuffer(1);
    new Uint8Array(verified)[0] = bits;
    threads.at(-1)!.say({ type: "ready", infoHash: INFO_HASH, infoBytes: INFO_BYTES, verified });
  };
  const fail = (): void => {
    const failure = { code: "storage_failed", message: "The disk is broken.", detail: "EIO" } as const;
    threads.at(-1)!.say({ type: "failed", infoHash: INFO_HASH, failure });
  };
  /** What the living session was told since the last time. */
  const told = (): SessionCommand[] => threads.at(-1)!.commands.splice(0);
  return { clock, dataDirectory, engine, open, events, logged, threads, ready, fail, told };
}

function spell(event: EngineEvent): string {
  if (event.type === "engine") return event.health.state;
  return event.type === "removed" ? "removed" : `${event.type} ${event.torrent.state}`;
}

function kinds(commands: readonly SessionCommand[]): string[] {
  return commands.map(({ type }) => type);
}

describe("openTorrentEngine", () => {
  it("does not start where nobody can listen for peers", async () => {
    const folder = await temporaryFolder();
    closing.push(() => folder[Symbol.asyncDispose]());
    const { clock } = await setUp();
    const opening = openTorrentEngine({
      dataDirectory: folder.path,
      settings: { peerHost: "192.0.2.1", peerPort: 0, dht: undefined, lsd: false, uploadBytesPerSecond: undefined },
      peers: [],
      clock,
    });
    await expect(opening).rejects.toMatchObject({ code: "engine_unavailable", message: /--peer-host/ });
    expect(await readdir(folder.path)).toEqual([]);
  });

  it("lists a stored torrent that it can no longer read as failed, and plays the others", async () => {
    const folder = await temporaryFolder();
    closing.push(() => folder[Symbol.asyncDispose]());
    const library = await openLibrary(folder.path);
    const stored = { trackers: [], peers: [], provenPeers: [], displayName: "Old", addedAtMs: 1 };
    const broken = Buffer.from("d4:name3:old12:piece lengthi1e6:pieces0:6:lengthi1ee");
    const infoHash = createHash("sha1").update(broken).digest("hex");
    await library.save({ ...stored, infoHash, infoBytes: broken });
    await library.save({ ...stored, infoHash: INFO_HASH, infoBytes: INFO_BYTES });
    await library.close();
    const { engine, told } = await setUp({ dataDirectory: folder.path });
    expect(engine.get(infoHash)).toMatchObject({ name: "Old", state: "failed", error: { code: "bad_torrent" } });
    expect(engine.get(INFO_HASH)).toMatchObject({ state: "ready", addedAtMs: 1 });
    expect(told().map((command) => command.type === "add" && command.order.infoHash)).toEqual([INFO_HASH]);
  });
});

describe("TorrentEngine.add", () => {
  it("tells the session, and remembers the torrent for the next start", async () => {
    const { engine, open, events, told } = await setUp();
    const status = await engine.add(`${MAGNET}&dn=Film&x.pe=10.0.0.1:1`, { signal });
    expect(status).toMatchObject({ infoHash: INFO_HASH, name: "Film", state: "metadata" });
    expect(told()).toMatchObject([
      { type: "add", order: { infoHash: INFO_HASH, peers: [PEER], infoBytes: undefined } },
    ]);
    expect(events).toEqual(["added metadata"]);
    await engine.close();
    expect((await open()).list()).toMatchObject([{ name: "Film", state: "metadata" }]);
  });

  it("remembers the metadata and the peers that a magnet found", async () => {
    const { engine, open, threads, ready, told } = await setUp();
    await engine.add(`${MAGNET}&x.pe=10.0.0.1:1`, { signal });
    ready();
    threads[0]!.say({ type: "provenPeers", infoHash: INFO_HASH, peers: [{ host: "10.0.0.2", port: 2 }] });
    await engine.close();
    const again = await open();
    expect(again.get(INFO_HASH)).toMatchObject({ name: "films", state: "ready" });
    const provenPeers = [{ host: "10.0.0.2", port: 2 }];
    expect(told()).toMatchObject([{ order: { peers: [PEER], provenPeers, infoBytes: INFO_BYTES } }]);
  });

  it("takes the same torrent twice at once as one that knows more", async () => {
    const { engine, events, told } = await setUp();
    const [first, second] = await Promise.all([
      engine.add(`${MAGNET}&x.pe=10.0.0.1:1`, { signal }),
      engine.add(TORRENT_FILE, { signal }),
    ]);
    expect([first.infoHash, second.infoHash]).toEqual([INFO_HASH, INFO_HASH]);
    expect(told()).toMatchObject([
      { type: "add", order: { infoBytes: undefined } },
      { type: "learn", trackers: [["http://a.example/"]], infoBytes: INFO_BYTES },
    ]);
    expect([events, engine.list().length]).toEqual([["added metadata"], 1]);
  });

  it("keeps what it knows small, however often a torrent is added", async () => {
    const { engine, told } = await setUp();
    for (let time = 0; time < 150; time += 1) {
      await engine.add(`${MAGNET}&tr=http://t${time}.example/&x.pe=10.0.0.1:${time + 1}`, { signal });
    }
    const last = told().at(-1);
    expect(last).toMatchObject({ type: "learn", peers: [{ host: "10.0.0.1", port: 150 }] });
    expect(last?.type === "learn" && last.trackers.length).toBe(100);
  });

  it("starts a torrent that failed afresh, with what was known", async () => {
    const { engine, told, ready, fail, events, logged } = await setUp();
    await engine.add(TORRENT_FILE, { signal });
    ready(0x80);
    const { provider } = await engine.openFile(INFO_HASH, 0, { signal });
    const waiting = provider.readAt(PIECE_LENGTH_BYTES, 1, { signal });
    fail();
    await expect(waiting).rejects.toMatchObject({ code: "storage_failed" });
    expect([engine.get(INFO_HASH)?.state, logged]).toEqual(["failed", ["A torrent could not be opened"]]);
    told();
    expect(await engine.add(MAGNET, { signal })).toMatchObject({ state: "ready" });
    expect(kinds(told())).toEqual(["remove", "add"]);
    ready(0xe0);
    // The first provider belonged to the torrent that failed.
    await expect(provider.readAt(0, 1, { signal })).rejects.toMatchObject({ code: "storage_failed" });
    const reopened = await engine.openFile(INFO_HASH, 0, { signal });
    expect(reopened.provider.available({ start: 0, end: 10 })).toEqual([{ start: 0, end: 10 }]);
    expect(events.filter((event) => event !== "updated ready")).toEqual([
      "added ready",
      "updated failed",
      "added ready",
    ]);
  });

  it("lets go of a torrent that cannot be remembered", async () => {
    const { engine, dataDirectory, told, events } = await setUp();
    await writeFile(join(dataDirectory, INFO_HASH), "somebody else's file");
    await expect(engine.add(MAGNET, { signal })).rejects.toMatchObject({ code: "storage_failed" });
    expect([engine.list(), kinds(told()), events]).toEqual([[], ["add", "remove"], ["added metadata", "removed"]]);
  });

  it("tells the session of a torrent before it is written down, and whoever adds it after that", async () => {
    const { engine, dataDirectory, told } = await setUp();
    const recordPath = join(dataDirectory, INFO_HASH, ".riptide", "torrent.json");
    const atStart: unknown[] = [];
    engine.subscribe(() => atStart.push(kinds(told()), existsSync(recordPath)));
    await engine.add(MAGNET, { signal });
    expect([atStart, existsSync(recordPath)]).toEqual([[["add"], false], true]);
  });

  it.each<[string, string | Uint8Array, string]>([
    ["text that is no source", "hello", "bad_source"],
    ["bytes that are no torrent", Buffer.from("le"), "bad_torrent"],
  ])("refuses %s", async (_what, source, code) => {
    const { engine, told } = await setUp();
    await expect(engine.add(source, { signal })).rejects.toMatchObject({ code });
    expect([engine.list(), told()]).toEqual([[], []]);
  });

  it("says that its folder is gone, takes nothing new until it is back, and says that, too", async () => {
    const { clock, dataDirectory, engine, events, logged } = await setUp();
    const lockPath = join(dataDirectory, ".riptide.lock");
    const lock = await readlink(lockPath);
    const look = async (): Promise<void> => {
      await clock.advance(2_000);
      // The file is read in real time.
      await new Promise((resolve) => setTimeout(resolve, 50));
    };
    await look();
    expect([engine.health(), logged]).toEqual([{ state: "running", restarts: 0 }, []]);
    await rm(lockPath);
    await look();
    const sentence = expect.stringMatching(/^The data folder is gone.* start it again\.$/);
    expect(engine.health()).toEqual({ state: "running", restarts: 0, problem: sentence });
    expect(events).toEqual(["running"]);
    const adding = engine.add(TORRENT_FILE, { signal });
    await expect(adding).rejects.toMatchObject({ code: "storage_failed", message: sentence });
    await look();
    expect(logged).toHaveLength(1);
    await symlink(lock, lockPath);
    await look();
    expect([engine.health(), logged.length, events.length]).toEqual([{ state: "running", restarts: 0 }, 2, 2]);
    await engine.add(TORRENT_FILE, { signal });
  });

  it("refuses a torrent once it is closed", async () => {
    const { engine } = await setUp();
    await engine.close();
    await expect(engine.add(MAGNET, { signal })).rejects.toMatchObject({ code: "engine_unavailable" });
  });
});

describe("TorrentEngine.remove", () => {
  it("fails its readers, lets the session go first, and forgets it", async () => {
    const { engine, dataDirectory, ready, told, events } = await setUp();
    await engine.add(TORRENT_FILE, { signal });
    ready();
    const { provider } = await engine.openFile(INFO_HASH, 0, { signal });
    const waiting = provider.readAt(0, 1, { signal });
    const removed = engine.remove(INFO_HASH, { deleteData: true, signal });
    await expect(waiting).rejects.toMatchObject({ code: "torrent_removed" });
    await removed;
    // The demand is withdrawn before: nothing is left of it.
    expect(kinds(told())).toEqual(["add", "demand", "demand", "remove"]);
    expect([engine.list(), events.at(-1)]).toEqual([[], "removed"]);
    expect(await readdir(dataDirectory)).not.toContain(INFO_HASH);
    await expect(engine.openFile(INFO_HASH, 0, { signal })).rejects.toMatchObject({ code: "torrent_not_found" });
  });

  it("lets a torrent that is added again wait until it is gone", async () => {
    const { engine, told, dataDirectory } = await setUp();
    await engine.add(MAGNET, { signal });
    for (const source of [MAGNET, TORRENT_FILE]) {
      const removal = engine.remove(INFO_HASH, { deleteData: true, signal });
      expect(await engine.add(source, { signal })).toMatchObject({ infoHash: INFO_HASH });
      await removal;
    }
    expect(kinds(told())).toEqual(["add", "remove", "add", "remove", "add"]);
    expect([engine.list().length, (await readdir(dataDirectory)).includes(INFO_HASH)]).toEqual([1, true]);
  });

  it("goes on when whoever asked for it does not wait", async () => {
    const { engine, open } = await setUp();
    await engine.add(MAGNET, { signal });
    const controller = new AbortController();
    const removal = engine.remove(INFO_HASH, { deleteData: false, signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(removal).rejects.toThrow("enough");
    await engine.close();
    expect((await open()).list()).toEqual([]);
  });

  it.each<[string, (setting: Awaited<ReturnType<typeof setUp>>) => unknown]>([
    ["dies", ({ threads }) => threads[0]!.die()],
    [
      "is closed and does not answer",
      async ({ engine, clock }) => {
        const closed = engine.close();
        await clock.advance(5_000);
        await closed;
      },
    ],
  ])("is done even if the session %s meanwhile", async (_what, interrupt) => {
    const setting = await setUp({ isDeaf: () => true });
    const { engine, dataDirectory } = setting;
    await engine.add(MAGNET, { signal });
    const removal = engine.remove(INFO_HASH, { deleteData: true, signal });
    await new Promise((resolve) => setImmediate(resolve));
    await interrupt(setting);
    await removal;
    expect(await readdir(dataDirectory)).not.toContain(INFO_HASH);
  });

  it("knows no torrent that is not on the list", async () => {
    const { engine } = await setUp();
    const removal = engine.remove(INFO_HASH, { deleteData: true, signal });
    await expect(removal).rejects.toMatchObject({ code: "torrent_not_found" });
  });
});

describe("TorrentEngine", () => {
  it("tells a new session of its torrents, shared ones too, and of what is demanded", async () => {
    const { clock, engine, threads, ready, logged, told, events } = await setUp();
    await engine.add(TORRENT_FILE, { signal });
    const shared = engine.share(sampleTorrentFile([["other.mkv", 5]], { name: "shared" }), ["/films/other.mkv"]);
    ready();
    const { provider } = await engine.openFile(INFO_HASH, 0, { signal });
    const demand = { range: { start: 0, end: 9 }, urgency: "soon" } as const;
    using _held = provider.want(demand);
    threads[0]!.die(new Error("a bug"));
    expect([logged, engine.health()]).toEqual([
      ["The torrent session died and is started again"],
      { state: "restarting", restarts: 1 },
    ]);
    await clock.advance(200);
    expect(told()).toMatchObject([
      { type: "add", order: { infoHash: INFO_HASH, infoBytes: INFO_BYTES, seedPaths: undefined } },
      { type: "demand", infoHash: INFO_HASH, id: 1, demand },
      { type: "add", order: { infoHash: shared.infoHash, seedPaths: ["/films/other.mkv"] } },
    ]);
    expect(events.slice(-1)).toEqual(["restarting"]);
  });

  it("tells the session, and the next one too, whose metadata somebody waits for", async () => {
    const { clock, engine, threads, ready, told } = await setUp();
    await engine.add(MAGNET, { signal });
    const opening = engine.openFile(INFO_HASH, 0, { signal });
    const awaited = { type: "await", infoHash: INFO_HASH, isAwaited: true };
    expect(told()).toMatchObject([{ type: "add" }, awaited]);
    threads[0]!.die();
    await clock.advance(200);
    expect(told()).toMatchObject([{ type: "add" }, awaited]);
    ready();
    await opening;
    expect(told()).toEqual([{ ...awaited, isAwaited: false }]);
  });

  it("serves a reader across the death of the session", async () => {
    const { clock, dataDirectory, engine, threads, ready } = await setUp();
    await engine.add(TORRENT_FILE, { signal });
    ready();
    const { provider } = await engine.openFile(INFO_HASH, 0, { signal });
    const reading = provider.readAt(0, 4, { signal });
    threads[0]!.die();
    await clock.advance(200);
    await writeFile(join(dataDirectory, INFO_HASH, "film.mkv"), "abcdefgh");
    ready(0x80);
    expect(Buffer.from(await reading).toString()).toBe("abcd");
  });

  it("lets a reader wait for as long as pieces are checked on the disk", async () => {
    const { clock, dataDirectory, engine, threads, ready } = await setUp();
    await engine.add(TORRENT_FILE, { signal });
    const { provider } = await engine.openFile(INFO_HASH, 0, { signal });
    const reading = provider.readAt(0, 4, { signal });
    for (let checkedPieces = 1; checkedPieces <= 10; checkedPieces += 1) {
      await clock.advance(29_000);
      threads[0]!.say({ type: "figures", torrents: [{ ...NO_FIGURES, checkedPieces }] });
    }
    await writeFile(join(dataDirectory, INFO_HASH, "film.mkv"), "abcdefgh");
    ready(0x80);
    expect(Buffer.from(await reading).toString()).toBe("abcd");
  });

  it("explains a stall by the session if that does not come back", async () => {
    const { clock, engine, threads, ready } = await setUp();
    await engine.add(TORRENT_FILE, { signal });
    ready();
    const { provider } = await engine.openFile(INFO_HASH, 0, { signal });
    const reading = provider.readAt(0, 4, { signal });
    reading.catch(() => undefined);
    threads[0]!.die();
    await clock.advance(30_000);
    await expect(reading).rejects.toMatchObject({ code: "engine_unavailable" });
  });

  it("fails readers and forgets nothing when it is closed", async () => {
    const { clock, engine, open, ready, events } = await setUp();
    await engine.add(TORRENT_FILE, { signal });
    ready();
    const { provider } = await engine.openFile(INFO_HASH, 0, { signal });
    const reading = provider.readAt(0, 4, { signal });
    const closed = Promise.all([engine.close(), engine.close()]);
    await expect(reading).rejects.toMatchObject({ code: "engine_unavailable" });
    await closed;
    expect([events.at(-1), clock.pendingTimers]).toEqual(["closed", 0]);
    expect((await open()).list()).toHaveLength(1);
  });
});

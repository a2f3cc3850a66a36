import { getEventListeners } from "node:events";
import { open, truncate } from "node:fs/promises";
import { StreamError } from "@riptide/core";
import { createRandom } from "@riptide/sim";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createPieceProvider } from "../../src/provider/index.ts";
import { wrapMethod } from "../storage/wrap-method.ts";
import { createProviderFixture, type ProviderFixture } from "./provider-fixture.ts";
import { TestTorrentView } from "./test-torrent-view.ts";

const PIECE = 64 * 1024;
const FILE_OFFSET = PIECE + 1000;
const TRUTH = createRandom(7).bytes(40 * PIECE);
const NEVER = new AbortController().signal;
const KIB_64 = 64 * 1024;
const GONE = new StreamError("torrent_removed", "This torrent was removed. Add it again to play it.");

describe("the piece provider of a torrent", () => {
  let fixture: ProviderFixture;
  beforeEach(async () => {
    fixture = await createProviderFixture({ bytes: TRUTH, pieceLengthBytes: PIECE, fileOffsetBytes: FILE_OFFSET });
  });
  afterEach(() => fixture.dispose());

  async function deliverAll(): Promise<void> {
    for (let piece = 1; piece < fixture.view.geometry.pieceCount; piece += 1) await fixture.deliver(piece);
  }

  it("gives at most a chunk of 1 MiB, however long the run of verified bytes is", async () => {
    await deliverAll();
    const bytes = await fixture.provider.readAt(5, TRUTH.length, { signal: NEVER });
    expect(bytes.length).toBe(1024 * 1024);
    expect(Buffer.compare(bytes, TRUTH.subarray(5, 5 + bytes.length))).toBe(0);
  });

  it("never looks further than it reads", async () => {
    await deliverAll();
    fixture.view.asked = 0;
    await fixture.provider.readAt(0, 100, { signal: NEVER });
    expect(fixture.view.asked).toBe(1);
  });

  it("demands in bytes of the torrent, with the reader's speed", () => {
    const demand = { range: { start: 10, end: 2 * PIECE }, urgency: "soon", bytesPerSecond: 1_000_000 } as const;
    using _held = fixture.provider.want(demand);
    expect([...fixture.view.demands.values()]).toEqual([
      { ...demand, range: { start: FILE_OFFSET + 10, end: FILE_OFFSET + 2 * PIECE } },
    ]);
  });

  it("holds no demand for a range past the end of the file", () => {
    using _held = fixture.provider.want({ range: { start: TRUTH.length, end: TRUTH.length + 1 }, urgency: "now" });
    expect(fixture.view.demands.size).toBe(0);
  });

  it("refuses to want a range that is none", () => {
    expect(() => fixture.provider.want({ range: { start: 2, end: 1 }, urgency: "now" })).toThrow(RangeError);
  });

  it("leaves no listener on the signal, whether a read is served at once, woken, failed or aborted", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const listeners = (): number => getEventListeners(signal, "abort").length;
    const woken = fixture.provider.readAt(0, 10, { signal });
    expect(listeners()).toBe(1);
    await fixture.deliver(1);
    await woken;
    await fixture.provider.readAt(0, 10, { signal });
    const failing = fixture.provider.readAt(10 * PIECE, 10, { signal });
    fixture.view.failWaiting(GONE);
    await expect(failing).rejects.toBe(GONE);
    expect(listeners()).toBe(0);
    const aborted = fixture.provider.readAt(10 * PIECE, 10, { signal });
    controller.abort();
    expect(fixture.view.demands.size).toBe(0);
    await expect(aborted).rejects.toBe(signal.reason);
    expect(listeners()).toBe(0);
  });

  it("stops waiting for a slow disk when it is aborted", async () => {
    const view = new TestTorrentView({ pieceLengthBytes: PIECE, sizeBytes: PIECE, pieceCount: 1 });
    view.verify(0);
    const file = { offsetBytes: 0, lengthBytes: PIECE };
    const provider = createPieceProvider({ view, file, openFile: () => new Promise(() => undefined) });
    const controller = new AbortController();
    const read = provider.readAt(0, 10, { signal: controller.signal });
    controller.abort();
    await expect(read).rejects.toBe(controller.signal.reason);
  });

  it("asks about nothing but its own piece when one of 5,000 waiting reads is woken", async () => {
    const reads = Array.from({ length: 5000 }, (_, index) =>
      fixture.provider.readAt((index % 39) * PIECE, 10, { signal: new AbortController().signal }),
    );
    fixture.view.asked = 0;
    await fixture.deliver(2);
    await fixture.settle();
    // Offset 1 × PIECE is in piece 2; 5,000 reads lie at 39 offsets.
    const woken = Math.ceil((5000 - 1) / 39);
    expect(fixture.view.asked).toBe(woken);
    expect(fixture.view.demands.size).toBe(5000 - woken);
    fixture.view.failWaiting(GONE);
    const outcomes = await Promise.allSettled(reads);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(woken);
  });

  it("waits on when it is woken for a piece that is not there after all", async () => {
    const read = fixture.provider.readAt(0, 10, { signal: NEVER });
    for (const watcher of fixture.view.watchers) watcher.pieceVerified(1);
    await fixture.settle();
    expect(fixture.view.demands.size).toBe(1);
    await fixture.deliver(1);
    expect(Buffer.compare(await read, TRUTH.subarray(0, 10))).toBe(0);
  });

  it("reads what is there of a torrent that cannot go on, and says why the rest will not come", async () => {
    await fixture.deliver(1);
    fixture.view.failure = GONE;
    expect((await fixture.provider.readAt(0, 10, { signal: NEVER })).length).toBe(10);
    await expect(fixture.provider.readAt(5 * PIECE, 10, { signal: NEVER })).rejects.toBe(GONE);
    expect(fixture.view.demands.size).toBe(0);
  });

  it("opens the file once for reads that begin together, and not before bytes are there", async () => {
    const waiting = fixture.provider.readAt(0, 10, { signal: NEVER });
    await fixture.settle();
    expect(fixture.opened.count).toBe(0);
    await fixture.deliver(1);
    await Promise.all([waiting, fixture.provider.readAt(1, 10, { signal: NEVER })]);
    expect(fixture.opened.count).toBe(1);
  });

  it("says storage_failed when the file became shorter behind its back", async () => {
    await deliverAll();
    await truncate(fixture.path, 3 * KIB_64);
    const read = fixture.provider.readAt(3 * KIB_64 - 10, 20, { signal: NEVER });
    await expect(read).rejects.toMatchObject({ name: "StreamError", code: "storage_failed" });
    expect((await fixture.provider.readAt(0, 10, { signal: NEVER })).length).toBe(10);
  });
});

describe("closing the piece provider of a torrent", () => {
  let fixture: ProviderFixture;
  beforeEach(async () => {
    fixture = await createProviderFixture({ bytes: TRUTH, pieceLengthBytes: PIECE });
    await fixture.deliver(0);
  });
  afterEach(() => fixture.dispose());

  it("rejects what waits, withdraws every demand and stops listening", async () => {
    fixture.provider.want({ range: { start: 0, end: 10 }, urgency: "soon" });
    const read = fixture.provider.readAt(PIECE, 10, { signal: NEVER });
    const closed = fixture.provider[Symbol.asyncDispose]();
    expect([fixture.view.demands.size, fixture.view.watchers.size]).toEqual([0, 0]);
    await expect(read).rejects.toMatchObject({ code: "engine_unavailable" });
    await closed;
  });

  it("keeps what waits and is wanted when only its file is released, and opens that again", async () => {
    fixture.provider.want({ range: { start: 0, end: 10 }, urgency: "soon" });
    const waiting = fixture.provider.readAt(PIECE, 1, { signal: NEVER });
    await fixture.provider.readAt(0, 1, { signal: NEVER });
    await fixture.provider.releaseFile();
    expect([fixture.openHandles(), fixture.view.demands.size]).toEqual([0, 2]);
    await fixture.deliver(1);
    expect([...(await waiting)]).toEqual([TRUTH[PIECE]]);
    expect([fixture.opened.count, fixture.openHandles()]).toEqual([2, 1]);
  });

  it("gives the torrent's own failure as the reason, if there is one", async () => {
    fixture.view.failure = GONE;
    await fixture.provider[Symbol.asyncDispose]();
    await expect(fixture.provider.readAt(0, 10, { signal: NEVER })).rejects.toBe(GONE);
  });

  it("lets a read under way end before it closes the file", async () => {
    await fixture.provider.readAt(0, 1, { signal: NEVER });
    const read = fixture.provider.readAt(10, 100, { signal: NEVER });
    await fixture.provider[Symbol.asyncDispose]();
    expect(Buffer.compare(await read, TRUTH.subarray(10, 110))).toBe(0);
    expect(fixture.openHandles()).toBe(0);
  });

  it("closes a file that was being opened", async () => {
    const read = fixture.provider.readAt(0, 100, { signal: NEVER });
    await fixture.provider[Symbol.asyncDispose]();
    expect((await read).length).toBe(100);
    expect([fixture.opened.count, fixture.openHandles()]).toEqual([1, 0]);
  });

  it("can be done twice, and takes no demand afterwards", async () => {
    await Promise.all([fixture.provider[Symbol.asyncDispose](), fixture.provider[Symbol.asyncDispose]()]);
    fixture.provider.want({ range: { start: 0, end: 10 }, urgency: "now" })[Symbol.dispose]();
    await expect(fixture.provider.readAt(0, 10, { signal: NEVER })).rejects.toMatchObject({
      code: "engine_unavailable",
    });
    expect([fixture.view.demands.size, fixture.opened.count]).toEqual([0, 0]);
  });
});

describe("a file that fails below the piece provider of a torrent", () => {
  function verifiedView(): TestTorrentView {
    const view = new TestTorrentView({ pieceLengthBytes: PIECE, sizeBytes: PIECE, pieceCount: 1 });
    view.verify(0);
    return view;
  }
  const file = { offsetBytes: 0, lengthBytes: PIECE };

  it("is reported as storage_failed with its cause, and opened again by the next read", async () => {
    const paths = ["/nonexistent/film.mkv", process.execPath];
    const openFile = () => open(paths.shift()!, "r");
    await using provider = createPieceProvider({ view: verifiedView(), file, openFile });
    await expect(provider.readAt(0, 10, { signal: NEVER })).rejects.toMatchObject({
      name: "StreamError",
      code: "storage_failed",
      cause: { code: "ENOENT" },
    });
    // An ELF program.
    expect([...(await provider.readAt(0, 4, { signal: NEVER }))]).toEqual([0x7f, 0x45, 0x4c, 0x46]);
  });

  it("is reported as storage_failed when the system says EIO", async () => {
    // Nothing is mapped at address 0: Linux answers such a read with EIO.
    const path = "/proc/self/mem";
    await using provider = createPieceProvider({ view: verifiedView(), file, openFile: () => open(path, "r") });
    const read = provider.readAt(0, 10, { signal: NEVER });
    await expect(read).rejects.toMatchObject({ code: "storage_failed", cause: { code: "EIO" } });
  });

  it("is read to the end of the range although the system gives a few bytes at a time", async () => {
    const fixture = await createProviderFixture({ bytes: TRUTH, pieceLengthBytes: PIECE });
    const openFile = async () => {
      const handle = await open(fixture.path, "r");
      wrapMethod(handle, "read", (_handle, [bytes, at, length, position], call) =>
        call([bytes, at, Math.min(Number(length), 1000), position]),
      );
      return handle;
    };
    await fixture.deliver(0);
    await using provider = createPieceProvider({ view: fixture.view, file, openFile });
    expect(Buffer.compare(await provider.readAt(0, PIECE, { signal: NEVER }), TRUTH.subarray(0, PIECE))).toBe(0);
    await fixture.dispose();
  });
});

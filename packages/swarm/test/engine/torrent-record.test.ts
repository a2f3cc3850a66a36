import { type Demand, StreamError } from "@riptide/core";
import { describe, expect, it } from "vitest";
import { NO_FIGURES } from "../../src/engine/figures.ts";
import { TorrentRecord } from "../../src/engine/torrent-record.ts";
import type { TorrentFigures } from "../../src/session/protocol.ts";
import type { PeerAddress } from "../../src/types.ts";
import { virtualTime } from "../session/virtual-time.ts";
import { PIECE_LENGTH_BYTES as PIECE, sampleMetainfo } from "./sample-metainfo.ts";

const INFO_HASH = "ab".repeat(20);
const { signal } = new AbortController();
/** Five pieces: `a` ends in the middle of the second, the padding fills it, `b` begins with the third. */
const METAINFO = sampleMetainfo([
  ["a.mkv", PIECE + 5_000],
  [".pad/1", PIECE - 5_000],
  ["sub/b.mkv", 2 * PIECE],
  ["c.srt", 700],
  ["empty", 0],
]);
const FIGURES: TorrentFigures = { infoHash: INFO_HASH, ...NO_FIGURES };

function setUp({ isMagnet = false, displayName }: { isMagnet?: boolean; displayName?: string } = {}) {
  const clock = virtualTime();
  const sent: [number, Demand | undefined][] = [];
  const awaited: boolean[] = [];
  const record = new TorrentRecord({
    infoHash: INFO_HASH,
    displayName,
    trackers: [],
    peers: [],
    metainfo: isMagnet ? undefined : METAINFO,
    addedAtMs: 0,
    clock,
    demandChanged: (id, changed) => sent.push([id, changed]),
    admit: (wanted) => wanted,
    check: () => {},
    awaitedChanged: (isAwaited) => awaited.push(isAwaited),
  });
  const verified = new SharedArrayBuffer(1);
  const bits = new Uint8Array(verified);
  const setBits = (...pieces: number[]): void => {
    for (const piece of pieces) bits[0]! |= 0x80 >> piece;
  };
  const ready = (...pieces: number[]): void => {
    setBits(...pieces);
    record.ready(METAINFO, verified);
  };
  const verify = (piece: number): void => {
    setBits(piece);
    record.pieceVerified(piece);
  };
  return { clock, record, sent, awaited, ready, verify };
}

function demand(start: number, end: number, urgency: Demand["urgency"] = "soon"): Demand {
  return { range: { start, end }, urgency };
}

describe("TorrentRecord.status", () => {
  it.each([
    { what: "its info hash", options: { isMagnet: true }, name: INFO_HASH, state: "metadata" },
    { what: "the magnet's name", options: { isMagnet: true, displayName: "Film" }, name: "Film", state: "metadata" },
    { what: "its own name", options: { displayName: "Film" }, name: "films", state: "ready" },
  ])("is called by $what", ({ options, name, state }) => {
    expect(setUp(options).record.status()).toMatchObject({ name, state });
  });

  it("lists the files that can be played, with what is there of each", () => {
    const { record, ready } = setUp();
    ready(1, 2, 4);
    expect(record.status().files).toEqual([
      { index: 0, path: "a.mkv", lengthBytes: PIECE + 5_000, verifiedBytes: 5_000 },
      { index: 2, path: "sub/b.mkv", lengthBytes: 2 * PIECE, verifiedBytes: PIECE },
      { index: 3, path: "c.srt", lengthBytes: 700, verifiedBytes: 700 },
      { index: 4, path: "empty", lengthBytes: 0, verifiedBytes: 0 },
    ]);
    expect(record.status()).toMatchObject({
      sizeBytes: 4 * PIECE + 700,
      pieceLengthBytes: PIECE,
      verifiedBytes: 2 * PIECE + 700,
    });
  });

  it("is a new object when something changed, and the same one until then", () => {
    const { record, ready, verify } = setUp();
    ready();
    const changes: (() => void)[] = [
      () => verify(0),
      () => record.setFigures({ ...FIGURES, uploadedBytes: 5 }),
      () => record.setDemand(1, demand(0, 1)),
      () => record.setDemand(1, null),
      () => record.setStorageProblem({ code: "disk_full", message: "Full.", detail: "ENOSPC" }),
      () => record.sessionDied(),
      () => record.fail(failure()),
    ];
    for (const change of changes) {
      const before = record.status();
      expect(record.status()).toBe(before);
      change();
      expect(record.status()).not.toBe(before);
    }
  });

  it("counts demands", () => {
    const { record, sent } = setUp();
    record.setDemand(1, demand(0, 10));
    record.setDemand(2, demand(10, 20));
    record.setDemand(1, demand(5, 10));
    expect(record.status().activeDemands).toBe(2);
    record.setDemand(1, null);
    record.setDemand(1, null);
    expect(record.status().activeDemands).toBe(1);
    expect(sent.map(([id, value]) => [id, value?.range.start])).toEqual([
      [1, 0],
      [2, 10],
      [1, 5],
      [1, undefined],
    ]);
  });

  it("tells the session only of demands for what is missing", () => {
    const { record, sent, ready, verify } = setUp();
    ready(0);
    record.setDemand(1, demand(0, PIECE));
    expect(sent).toEqual([]);
    record.setDemand(1, demand(PIECE - 1, PIECE + 1));
    verify(1);
    record.setDemand(1, demand(PIECE, PIECE + 1));
    record.setDemand(1, null);
    expect(sent).toEqual([
      [1, demand(PIECE - 1, PIECE + 1)],
      [1, undefined],
    ]);
    expect(record.status().activeDemands).toBe(0);
  });

  it("tells a new session of all demands, and withdraws each of them from it", () => {
    const { record, sent, ready } = setUp();
    ready(0);
    record.setDemand(1, demand(0, PIECE));
    expect([...record.demandsForNewSession()]).toEqual([[1, demand(0, PIECE)]]);
    record.setDemand(1, null);
    expect(sent).toEqual([[1, undefined]]);
  });

  it("tells a problem of the disk, then a failure, without what is for the log only", () => {
    const { record } = setUp();
    record.setStorageProblem({ code: "disk_full", message: "Full.", detail: "ENOSPC /home/me" });
    expect(record.status()).toMatchObject({ state: "ready", error: { code: "disk_full", message: "Full." } });
    expect(JSON.stringify(record.status())).not.toContain("/home/me");
    record.setStorageProblem(undefined);
    expect(record.status().error).toBeUndefined();
    record.fail(failure());
    expect(record.status()).toMatchObject({ state: "failed", error: { code: "storage_failed", message: "Broken." } });
  });

  it("counts bytes across sessions, and peers of the living one only", () => {
    const { record } = setUp();
    record.setFigures({ ...FIGURES, downloadedBytes: 100, uploadedBytes: 10, connectedPeers: 3, bannedHosts: 1 });
    record.sessionDied();
    expect(record.status()).toMatchObject({ downloadedBytes: 100, uploadedBytes: 10, connectedPeers: 0 });
    record.setFigures({ ...FIGURES, downloadedBytes: 5, connectedPeers: 1 });
    record.setFigures({ ...FIGURES, downloadedBytes: 7, uploadedBytes: 1, connectedPeers: 1 });
    expect(record.status()).toMatchObject({ downloadedBytes: 107, uploadedBytes: 11, connectedPeers: 1 });
    record.sessionDied();
    record.setFigures({ ...FIGURES, downloadedBytes: 1 });
    expect(record.status().downloadedBytes).toBe(108);
  });
});

describe("TorrentRecord.map", () => {
  it("shows what is there, wanted and read, in bytes of the file", () => {
    const { record, ready } = setUp();
    ready(0, 1, 3);
    record.setDemand(1, demand(0, 10));
    record.setDemand(2, demand(2 * PIECE - 100, 2 * PIECE + 300, "now"));
    record.setDemand(3, demand(2 * PIECE + 200, 2 * PIECE + 900));
    expect(record.map(0)).toEqual({
      available: [{ start: 0, end: PIECE + 5_000 }],
      wanted: [{ start: 0, end: 10 }],
      reading: [],
    });
    expect(record.map(2)).toEqual({
      available: [{ start: PIECE, end: 2 * PIECE }],
      wanted: [{ start: 0, end: 900 }],
      reading: [{ start: 0, end: 300 }],
    });
  });

  it.each([1, 5, -1])("knows no file %d", (index) => {
    expect(() => setUp().record.map(index)).toThrow(expect.objectContaining({ code: "file_not_found" }));
  });

  it("knows no file before the metadata", () => {
    const { record } = setUp({ isMagnet: true });
    expect(() => record.map(0)).toThrow(expect.objectContaining({ code: "file_not_found" }));
  });
});

describe("TorrentRecord", () => {
  it("wakes whoever waits for the metadata, and tells watchers what is there", async () => {
    const { record, ready } = setUp({ isMagnet: true });
    const seen: number[] = [];
    record.watch({ pieceVerified: (piece) => seen.push(piece), failed: () => undefined });
    const metadata = record.metadata(signal);
    ready(0, 3);
    expect(await metadata).toBe(METAINFO);
    expect([seen, record.has(0), record.has(1)]).toEqual([[0, 3], true, false]);
  });

  it("says when somebody waits for the metadata, and when nobody does any more", async () => {
    const { record, awaited, ready } = setUp({ isMagnet: true });
    const controller = new AbortController();
    const impatient = record.metadata(controller.signal);
    const patient = record.metadata(signal);
    controller.abort(new Error("enough"));
    await expect(impatient).rejects.toThrow("enough");
    expect([awaited, record.isAwaited]).toEqual([[true], true]);
    ready();
    await patient;
    await record.metadata(signal);
    expect([awaited, record.isAwaited]).toEqual([[true, false], false]);
  });

  it("fails once: those who wait, watch and come later get the same error", async () => {
    const { record } = setUp({ isMagnet: true });
    const told: StreamError[] = [];
    record.watch({ pieceVerified: () => undefined, failed: (error) => told.push(error) });
    const left = record.watch({ pieceVerified: () => undefined, failed: () => told.push(failure()) });
    left[Symbol.dispose]();
    const metadata = record.metadata(signal);
    const error = failure();
    record.fail(error);
    record.fail(failure());
    await expect(metadata).rejects.toBe(error);
    await expect(record.metadata(signal)).rejects.toBe(error);
    expect([told, record.failure]).toEqual([[error], error]);
  });

  it("ends a wait for the metadata with its signal", async () => {
    const controller = new AbortController();
    const metadata = setUp({ isMagnet: true }).record.metadata(controller.signal);
    controller.abort(new Error("enough"));
    await expect(metadata).rejects.toThrow("enough");
  });

  it("takes pieces, payload and newcomers for progress, but not peers that come and go, nor waste", async () => {
    const { clock, record, ready, verify } = setUp();
    ready();
    const isProgress = async (change: () => void): Promise<boolean> => {
      await clock.advance(1_000);
      change();
      return record.lastProgressMs === clock.nowMs();
    };
    const figures = (change: Partial<TorrentFigures>) => () => record.setFigures({ ...FIGURES, ...change });
    expect(await isProgress(figures({ connectedPeers: 2 }))).toBe(true);
    expect(await isProgress(figures({ connectedPeers: 1 }))).toBe(false);
    expect(await isProgress(figures({ connectedPeers: 2 }))).toBe(false);
    expect(await isProgress(figures({ connectedPeers: 3 }))).toBe(true);
    expect(await isProgress(figures({ connectedPeers: 1, downloadedBytes: 9 }))).toBe(true);
    expect(await isProgress(figures({ connectedPeers: 2, downloadedBytes: 9 }))).toBe(true);
    expect(await isProgress(figures({ connectedPeers: 2, downloadedBytes: 99, wastedBytes: 90 }))).toBe(false);
    expect(await isProgress(() => verify(0))).toBe(true);
  });

  it.each<[string, Partial<TorrentFigures>, string, RegExp]>([
    ["nobody is there", {}, "no_peers", /^No peer answers/],
    ["all were banned", { bannedHosts: 2 }, "no_valid_source", /damaged data/],
    ["peers are there that have nothing", { connectedPeers: 2, bannedHosts: 1 }, "no_peers", /^None of the 2/],
  ])("explains a stall when %s", (_what, figures, code, message) => {
    const { record, ready } = setUp();
    ready();
    record.setFigures({ ...FIGURES, ...figures });
    const error = record.explainStall();
    expect([error.code, message.test(error.message)]).toEqual([code, true]);
  });

  it("takes pieces that are checked on the disk for progress, and explains by the disk when they are not", async () => {
    const { clock, record, ready } = setUp();
    const check = async (checkedPieces: number): Promise<number> => {
      await clock.advance(1_000);
      record.setFigures({ ...FIGURES, checkedPieces });
      return clock.nowMs() - record.lastProgressMs;
    };
    expect([await check(1), await check(2), await check(2)]).toEqual([0, 0, 1_000]);
    expect(record.explainStall()).toMatchObject({ code: "storage_failed" });
    ready();
    expect(record.explainStall()).toMatchObject({ code: "no_peers" });
    record.sessionDied();
    expect(await check(1)).toBe(0);
    expect(record.explainStall()).toMatchObject({ code: "storage_failed" });
  });

  it("explains a stall by the disk if that refuses pieces", () => {
    const { record } = setUp();
    record.setStorageProblem({ code: "disk_full", message: "Full.", detail: "" });
    expect(record.explainStall()).toMatchObject({ code: "disk_full", message: "Full." });
  });
});

describe("TorrentRecord.learn", () => {
  it("keeps each tracker and each peer once, however often it is told", () => {
    const { record } = setUp();
    for (let time = 0; time < 5; time += 1) {
      record.learn({ trackers: [["http://a.example/"], ["udp://b.example:1"]], peers: peers(0, 2) });
    }
    expect([record.trackers, record.peers]).toEqual([[["http://a.example/"], ["udp://b.example:1"]], peers(0, 2)]);
  });

  it("keeps 100 trackers and 100 peers at most, the peers named last first", () => {
    const { record } = setUp();
    for (let number = 0; number < 150; number += 1) {
      record.learn({ trackers: [[`http://${number}.example/`]], peers: [peer(number)] });
    }
    expect([record.trackers.length, record.peers.length]).toEqual([100, 100]);
    expect([record.peers[0], record.peers[99]]).toEqual([peer(149), peer(50)]);
  });

  it("keeps 50 peers that answered, those that did last first, apart from those that sources named", () => {
    const { record } = setUp();
    record.learn({ trackers: [], peers: peers(0, 3) });
    record.peersProven(peers(100, 140));
    record.peersProven([peer(1), ...peers(139, 149)]);
    record.peersProven([]);
    expect(record.peers).toEqual(peers(0, 3));
    expect(record.provenPeers).toEqual([peer(1), ...peers(139, 149), ...peers(100, 139)]);
    record.peersProven(peers(200, 240));
    expect(record.provenPeers).toEqual([...peers(200, 240), peer(1), ...peers(139, 148)]);
  });
});

function peer(number: number): PeerAddress {
  return { host: `10.0.0.${number}`, port: 1 };
}

function peers(from: number, to: number): PeerAddress[] {
  return Array.from({ length: to - from }, (_, index) => peer(from + index));
}

function failure(): StreamError {
  return new StreamError("storage_failed", "Broken.");
}

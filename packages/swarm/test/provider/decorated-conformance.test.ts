import { type FileHandle, open } from "node:fs/promises";
import { ChunkPool, type Demand, intersectRanges, type StreamError } from "@riptide/core";
import { type PieceProviderHarness, pieceProviderConformance } from "@riptide/sim/conformance";
import { bitsByteLength, setBit } from "../../src/bits.ts";
import { FileProviders } from "../../src/engine/file-providers.ts";
import { withStallGuard } from "../../src/engine/stall-guard.ts";
import { TorrentRecord } from "../../src/engine/torrent-record.ts";
import { createPieceProvider } from "../../src/provider/index.ts";
import { sampleMetainfo } from "../engine/sample-metainfo.ts";
import { virtualTime } from "../session/virtual-time.ts";
import { wrapMethod } from "../storage/wrap-method.ts";
import { createProviderFixture } from "./provider-fixture.ts";

const STALL_LIMIT_MS = 30_000;

pieceProviderConformance("the provider as streams get it, over the mirror of a torrent,", {
  create: async (file) => {
    // Of the fixture only the file on disk.
    const fixture = await createProviderFixture(file);
    const { record, deliver, demands } = createRecord(file);
    const { openFile, settle } = trackedFile(fixture.path);
    const files = new FileProviders();
    const clock = virtualTime();
    let failure: StreamError | undefined;
    // As `openFile` of the engine makes it.
    const provider = withStallGuard(
      files.get(record.infoHash, 1, () =>
        createPieceProvider({ view: record, file: fixture.file, openFile, chunks: new ChunkPool() }),
      ),
      {
        clock,
        limitMs: STALL_LIMIT_MS,
        lastProgressMs: () => 0,
        isSure: () => true,
        explain: () => failure!,
      },
    );
    return {
      provider,
      deliver: async (piece) => {
        await fixture.deliver(piece);
        deliver(piece);
      },
      // What waits fails once because nothing comes: the torrent itself would fail for good.
      fail: async (error) => {
        failure = error;
        await clock.advance(STALL_LIMIT_MS);
      },
      demands,
      settle,
      dispose: async () => {
        await files.close(record.infoHash);
        await fixture.dispose();
      },
    };
  },
});

/** The mirror of a torrent of two files, of which ours is the second, and what its session is told to fetch of that. */
function createRecord({ bytes, fileOffsetBytes = 0 }: Parameters<PieceProviderHarness["create"]>[0]) {
  const metainfo = sampleMetainfo([
    ["before.mkv", fileOffsetBytes],
    ["film.mkv", bytes.length],
  ]);
  const demands = new Map<number, Demand>();
  const record = new TorrentRecord({
    infoHash: metainfo.infoHash,
    displayName: undefined,
    trackers: [],
    peers: [],
    metainfo,
    addedAtMs: 0,
    clock: virtualTime(),
    demandChanged: (id, demand) => {
      if (demand === undefined) demands.delete(id);
      else demands.set(id, demand);
    },
    admit: (demand) => demand,
    check: () => {},
    awaitedChanged: () => {},
  });
  const verified = new SharedArrayBuffer(bitsByteLength(metainfo.pieceCount));
  record.ready(metainfo, verified);
  const bounds = { start: fileOffsetBytes, end: fileOffsetBytes + bytes.length };
  return {
    record,
    deliver: (piece: number): void => {
      setBit(new Uint8Array(verified), piece);
      record.pieceVerified(piece);
    },
    demands: () =>
      [...demands.values()].flatMap(({ range, urgency }) => {
        const part = intersectRanges(range, bounds);
        return part === undefined
          ? []
          : [{ range: { start: part.start - bounds.start, end: part.end - bounds.start }, urgency }];
      }),
  };
}

/** Opens the file for a provider, and tells when nothing that it does to the file is under way. */
function trackedFile(path: string) {
  const pending = new Set<Promise<unknown>>();
  const track = <T>(promise: Promise<T>): Promise<T> => {
    pending.add(promise);
    return promise.finally(() => pending.delete(promise));
  };
  const openTracked = async (): Promise<FileHandle> => {
    const handle = await open(path, "r");
    wrapMethod(handle, "read", (_handle, parameters, call) => track(call(parameters)));
    wrapMethod(handle, "stat", (_handle, parameters, call) => track(call(parameters)));
    return handle;
  };
  return {
    openFile: () => track(openTracked()),
    settle: async (): Promise<void> => {
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        if (pending.size === 0) return;
        await Promise.allSettled(pending);
      }
    },
  };
}

import type { FileHandle } from "node:fs/promises";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChunkPool } from "@riptide/core";
import { createPieceProvider, type FilePieceProvider } from "../../src/provider/index.ts";
import { wrapMethod } from "../storage/wrap-method.ts";
import { TestTorrentView } from "./test-torrent-view.ts";

/** What lies in the file where no piece was verified: a reader must never see it. */
const UNVERIFIED = 0xee;

export interface ProviderFixture {
  readonly provider: FilePieceProvider;
  readonly view: TestTorrentView;
  readonly path: string;
  readonly file: { readonly offsetBytes: number; readonly lengthBytes: number };
  /** Handles that the provider opened and has not closed. */
  openHandles(): number;
  /** How often the provider asked for the file. */
  readonly opened: { count: number };
  /** Writes the piece's true bytes into the file, then says that it is verified. */
  deliver(piece: number): Promise<void>;
  /** Resolves when no access to the file is under way and everything that followed from it has happened. */
  settle(): Promise<void>;
  dispose(): Promise<void>;
}

/** A provider over a real file, which is the last one of its torrent. */
export async function createProviderFixture(options: {
  bytes: Uint8Array;
  pieceLengthBytes: number;
  fileOffsetBytes?: number;
}): Promise<ProviderFixture> {
  const { bytes, pieceLengthBytes, fileOffsetBytes: offsetBytes = 0 } = options;
  const folder = await mkdtemp(join(tmpdir(), "riptide-provider-"));
  const path = join(folder, "film.mkv");
  await writeFile(path, new Uint8Array(bytes.length).fill(UNVERIFIED));
  const writer = await open(path, "r+");
  const sizeBytes = offsetBytes + bytes.length;
  const view = new TestTorrentView({
    pieceLengthBytes,
    sizeBytes,
    pieceCount: Math.ceil(sizeBytes / pieceLengthBytes),
  });
  const file = { offsetBytes, lengthBytes: bytes.length };
  const pending = new Set<Promise<unknown>>();
  const handles = new Set<FileHandle>();
  const opened = { count: 0 };
  const track = <T>(promise: Promise<T>): Promise<T> => {
    pending.add(promise);
    return promise.finally(() => pending.delete(promise));
  };
  const openFile = async (): Promise<FileHandle> => {
    opened.count += 1;
    const handle = await open(path, "r");
    handles.add(handle);
    wrapMethod(handle, "read", (_handle, parameters, call) => track(call(parameters)));
    wrapMethod(handle, "stat", (_handle, parameters, call) => track(call(parameters)));
    return handle;
  };
  const provider = createPieceProvider({ view, file, chunks: new ChunkPool(), openFile: () => track(openFile()) });
  return {
    provider,
    view,
    path,
    file,
    opened,
    // A handle that is closed has no descriptor any more.
    openHandles: () => [...handles].filter(({ fd }) => fd !== -1).length,
    deliver: async (piece) => {
      const start = Math.max(0, piece * pieceLengthBytes - offsetBytes);
      const end = Math.min(bytes.length, (piece + 1) * pieceLengthBytes - offsetBytes);
      if (end > start) await writer.write(bytes, start, end - start, start);
      view.verify(piece);
    },
    settle: async () => {
      for (;;) {
        await drainEventLoop();
        if (pending.size === 0) return;
        await Promise.allSettled(pending);
      }
    },
    dispose: async () => {
      await provider[Symbol.asyncDispose]();
      await writer.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function drainEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "@riptide/sim";
import type { StoredFile, TorrentLayout } from "../../src/storage/index.ts";
import { openTorrentStore, type TorrentStore } from "../../src/storage/index.ts";

export const NEVER = new AbortController().signal;
export const INFO_HASH = "0123456789abcdef0123456789abcdef01234567";

/** A torrent and its true bytes. */
export interface SampleTorrent extends TorrentLayout {
  readonly bytes: Uint8Array;
  pieceBytes(piece: number): Uint8Array;
  fileBytes(index: number): Uint8Array;
}

/** Files are `[path, length]`, folders in a path separated by `/`; those below `.pad/` are padding. */
export function sampleTorrent(options: {
  pieceLengthBytes: number;
  files: readonly (readonly [path: string, lengthBytes: number])[];
  /** What the files hold, end to end; random by default. */
  bytes?: Uint8Array;
}): SampleTorrent {
  const { pieceLengthBytes } = options;
  const files: StoredFile[] = [];
  let sizeBytes = 0;
  for (const [index, [path, lengthBytes]] of options.files.entries()) {
    const diskPath = path.split("/");
    files.push({ index, diskPath, lengthBytes, offsetBytes: sizeBytes, isPadding: diskPath[0] === ".pad" });
    sizeBytes += lengthBytes;
  }
  const bytes = options.bytes ?? createRandom(1).bytes(sizeBytes);
  for (const { isPadding, offsetBytes, lengthBytes } of files) {
    if (isPadding) bytes.fill(0, offsetBytes, offsetBytes + lengthBytes);
  }
  const pieceCount = Math.ceil(sizeBytes / pieceLengthBytes);
  const pieceBytes = (piece: number): Uint8Array =>
    bytes.subarray(piece * pieceLengthBytes, (piece + 1) * pieceLengthBytes);
  const hashes = Array.from({ length: pieceCount }, (_, piece) => sha1(pieceBytes(piece)));
  return {
    infoHash: INFO_HASH,
    pieceLengthBytes,
    pieceCount,
    sizeBytes,
    pieceHashes: Buffer.concat(hashes),
    files,
    bytes,
    pieceBytes,
    fileBytes: (index) => {
      const { offsetBytes, lengthBytes } = files[index]!;
      return bytes.subarray(offsetBytes, offsetBytes + lengthBytes);
    },
  };
}

export function sha1(bytes: Uint8Array): Buffer {
  return createHash("sha1").update(bytes).digest();
}

/** A folder of a test's own, and torrent stores in it; all of it goes with `dispose`. */
export class StorageBench {
  readonly data: string;
  readonly #stores = new Set<TorrentStore>();

  private constructor(data: string) {
    this.data = data;
  }

  static async create(): Promise<StorageBench> {
    return new StorageBench(await mkdtemp(join(tmpdir(), "riptide-storage-")));
  }

  get torrentFolder(): string {
    return join(this.data, INFO_HASH);
  }

  get journalPath(): string {
    return join(this.torrentFolder, ".riptide", "verified");
  }

  path(...components: string[]): string {
    return join(this.torrentFolder, ...components);
  }

  async open(metainfo: SampleTorrent, signal: AbortSignal = NEVER): Promise<TorrentStore> {
    const store = await openTorrentStore({ directory: this.torrentFolder, metainfo, signal });
    this.#stores.add(store);
    return store;
  }

  /** Opens a store, lets pieces arrive, makes them durable, and closes it. */
  async download(metainfo: SampleTorrent, pieces: Iterable<number>): Promise<void> {
    const store = await this.open(metainfo);
    await arrive(store, metainfo, pieces);
    await store.sync();
    await store.close();
  }

  async dispose(): Promise<void> {
    for (const store of this.#stores) await store.close().catch(() => undefined);
    await rm(this.data, { recursive: true, force: true });
  }
}

/** Writes pieces and marks them, as the session does. */
export async function arrive(store: TorrentStore, torrent: SampleTorrent, pieces: Iterable<number>): Promise<void> {
  for (const piece of pieces) {
    await store.write(piece, torrent.pieceBytes(piece), { signal: NEVER });
    store.markVerified(piece);
  }
}

/** Indices of the bits that are set. */
export function setBits(bits: Uint8Array): number[] {
  return [...bits].flatMap((byte, at) =>
    [0, 1, 2, 3, 4, 5, 6, 7].flatMap((bit) => (byte & (0x80 >> bit) ? [at * 8 + bit] : [])),
  );
}

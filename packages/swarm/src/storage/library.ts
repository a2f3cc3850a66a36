import { createHash } from "node:crypto";
import { lstat, mkdir, readdir, rm, rmdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { assertInvariant, StreamError } from "@riptide/core";
import {
  allOf,
  lstatIfThere,
  quarantine,
  quarantineCopy,
  readSmallFile,
  syncFolder,
  writeFilesAtomic,
} from "./file-io.ts";
import { STATE_FOLDER } from "./file-layout.ts";
import { type FolderLock, lockFolder } from "./library-lock.ts";
import { SafeFolders } from "./safe-folders.ts";
import { SerialQueue } from "./serial-queue.ts";
import { isDiskFull, systemCode, withStorageErrors } from "./storage-error.ts";
import { decodeTorrentRecord, encodeTorrentRecord, type StoredTorrent } from "./stored-torrent.ts";
import { readNote, writeNote } from "./torrent-notes.ts";

export type { StoredTorrent } from "./stored-torrent.ts";

const LOCK_FILE = ".riptide.lock";
const RECORD_FILE = "torrent.json";
const INFO_FILE = "info";
/** Metainfo takes no info dictionary longer than this, so none was stored. */
const MAX_INFO_BYTES = 10_000_000;
/** Far more trackers and peers than anybody has. */
const MAX_RECORD_BYTES = 1024 * 1024;

/** The torrents of one data folder, each in a folder of its own that is named by its info hash. */
export interface Library {
  /** What is stored now, the first added first. */
  torrents(): readonly StoredTorrent[];
  /** `DATA/IH`, absolute; the folder of that torrent, whether it is there or not. */
  directoryOf(infoHash: string): string;
  /** Stores a new torrent, or what changed about one. An info dictionary that is stored is never taken back. */
  save(torrent: StoredTorrent): Promise<void>;
  /** A note that was written about a torrent; undefined if there is none that is whole. */
  readNote(infoHash: string, name: string): Promise<Uint8Array | undefined>;
  /** Keeps a note, which goes with the torrent. Nothing is kept of a torrent that is not stored. */
  writeNote(infoHash: string, name: string, content: Uint8Array): Promise<void>;
  /** Forgets a torrent; with `deleteData` everything in its folder goes, else its files stay. No link is followed. */
  remove(infoHash: string, options: { readonly deleteData: boolean }): Promise<void>;
  /** Whether the data folder is the one that was opened: it may have been deleted, or its disk taken away. */
  isHeld(): Promise<boolean>;
  /** Waits for what is under way, and lets other processes in. */
  close(): Promise<void>;
}

/**
 * Opens the data folder, creating it if need be, and keeps other processes out until it is closed.
 * Rejects with a `RiptideError`: `storage_failed` if the folder cannot be used or another Riptide uses it, or `disk_full` if not even
 * the name of its lock fits.
 */
export function openLibrary(dataDirectory: string): Promise<Library> {
  const directory = resolve(dataDirectory);
  return withStorageErrors(async () => {
    const lock = await enter(directory);
    try {
      return new FolderLibrary(directory, lock, await loadTorrents(directory));
    } catch (error) {
      await lock.release();
      throw error;
    }
  });
}

class FolderLibrary implements Library {
  readonly #directory: string;
  readonly #lock: FolderLock;
  readonly #torrents: Map<string, StoredTorrent>;
  /** One at a time: a torrent that is removed while it is saved must not come back. */
  readonly #changes = new SerialQueue();

  constructor(directory: string, lock: FolderLock, torrents: readonly StoredTorrent[]) {
    this.#directory = directory;
    this.#lock = lock;
    this.#torrents = new Map(torrents.map((torrent) => [torrent.infoHash, torrent]));
  }

  torrents(): readonly StoredTorrent[] {
    return [...this.#torrents.values()].sort((left, right) => left.addedAtMs - right.addedAtMs);
  }

  directoryOf(infoHash: string): string {
    assertInvariant(isInfoHash(infoHash), "A torrent's folder is named by 40 lower-case hex digits");
    return join(this.#directory, infoHash);
  }

  save(torrent: StoredTorrent): Promise<void> {
    return this.#changes.run(() => withStorageErrors(() => this.#save(torrent)));
  }

  async readNote(infoHash: string, name: string): Promise<Uint8Array | undefined> {
    if (!this.#torrents.has(infoHash)) return undefined;
    return withStorageErrors(() => readNote(join(this.directoryOf(infoHash), STATE_FOLDER), name));
  }

  writeNote(infoHash: string, name: string, content: Uint8Array): Promise<void> {
    return this.#changes.run(async () => {
      if (!this.#torrents.has(infoHash)) return;
      await withStorageErrors(() => writeNote(join(this.directoryOf(infoHash), STATE_FOLDER), name, content));
    });
  }

  remove(infoHash: string, { deleteData }: { readonly deleteData: boolean }): Promise<void> {
    return this.#changes.run(() => withStorageErrors(() => this.#remove(infoHash, deleteData)));
  }

  isHeld(): Promise<boolean> {
    return this.#lock.isHeld();
  }

  async close(): Promise<void> {
    await this.#changes.idle();
    await withStorageErrors(() => this.#lock.release());
  }

  async #save(torrent: StoredTorrent): Promise<void> {
    const { infoHash } = torrent;
    const folder = this.directoryOf(infoHash);
    const stateFolder = await new SafeFolders(folder).ensure([STATE_FOLDER]);
    const isNew = !this.#torrents.has(infoHash);
    const storedInfo = this.#torrents.get(infoHash)?.infoBytes;
    const files = [{ name: RECORD_FILE, parts: [encodeTorrentRecord(torrent)] }];
    // Before the record, without which a torrent is not listed.
    if (torrent.infoBytes !== undefined && storedInfo === undefined) {
      files.unshift({ name: INFO_FILE, parts: [torrent.infoBytes] });
    }
    const syncs = isNew ? [syncFolder(folder), syncFolder(this.#directory)] : [];
    // Side by side, as somebody waits for it who wants to play it.
    await allOf([writeFilesAtomic(stateFolder, files), ...syncs]);
    this.#torrents.set(infoHash, { ...torrent, infoBytes: torrent.infoBytes ?? storedInfo });
  }

  async #remove(infoHash: string, deleteData: boolean): Promise<void> {
    const folder = this.directoryOf(infoHash);
    this.#torrents.delete(infoHash);
    const stats = await lstatIfThere(folder);
    if (stats === undefined) return;
    // A link that was planted here is not ours to follow; `rm` takes the link itself away.
    if (stats.isDirectory()) await this.#forget(folder);
    if (deleteData) await rm(folder, { recursive: true, force: true });
    else await removeIfEmpty(folder);
    await syncFolder(this.#directory);
  }

  /** The record goes first: after a crash in the middle the torrent is not listed, and nothing says what is verified. */
  async #forget(folder: string): Promise<void> {
    const stateFolder = join(folder, STATE_FOLDER);
    const stats = await lstatIfThere(stateFolder);
    if (stats?.isDirectory() === true) await rm(join(stateFolder, RECORD_FILE), { force: true });
    await rm(stateFolder, { recursive: true, force: true });
  }
}

async function enter(directory: string): Promise<FolderLock> {
  try {
    await makeDataFolder(directory);
    return await lockFolder(join(directory, LOCK_FILE));
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    const message =
      "The disk is so full that the data folder cannot be opened. Free some space, then start Riptide again, or choose a " +
      "folder on another disk with --data-dir.";
    throw new StreamError("disk_full", message, { cause: error });
  }
}

async function makeDataFolder(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
  } catch (error) {
    if (!["EEXIST", "ENOTDIR", "ENOENT"].includes(systemCode(error) ?? "")) throw error;
    const message =
      "The data folder is not a folder, or cannot be made where it should be. Choose another with --data-dir.";
    throw new StreamError("storage_failed", message, { cause: error });
  }
}

/** Everything in the folder that Riptide stored there; whatever else lies there is left alone. */
async function loadTorrents(directory: string): Promise<StoredTorrent[]> {
  const torrents: StoredTorrent[] = [];
  for (const name of await readdir(directory)) {
    const torrent = isInfoHash(name) ? await loadTorrent(join(directory, name), name) : undefined;
    if (torrent !== undefined) torrents.push(torrent);
  }
  return torrents;
}

/** A damaged record or info dictionary is put aside: the torrent is still listed, and peers have the rest. */
async function loadTorrent(folder: string, infoHash: string): Promise<StoredTorrent | undefined> {
  if (!(await lstat(folder)).isDirectory()) return undefined;
  const stateFolder = join(folder, STATE_FOLDER);
  if ((await lstatIfThere(stateFolder))?.isDirectory() !== true) return undefined;
  const recordPath = join(stateFolder, RECORD_FILE);
  const recordStats = await lstatIfThere(recordPath);
  if (recordStats?.isFile() !== true) return undefined;
  const recordBytes = await readSmallFile(recordPath, MAX_RECORD_BYTES);
  const record = recordBytes === undefined ? undefined : decodeTorrentRecord(recordBytes);
  // It stays in place until the next `save`: a torrent without a record would not be listed after another start.
  if (record === undefined) await quarantineCopy(recordPath);
  const infoBytes = await loadInfo(join(stateFolder, INFO_FILE), infoHash);
  const unknown = {
    trackers: [],
    peers: [],
    provenPeers: [],
    displayName: undefined,
    addedAtMs: Math.floor(recordStats.mtimeMs),
  };
  return { infoHash, infoBytes, ...(record ?? unknown) };
}

async function loadInfo(path: string, infoHash: string): Promise<Uint8Array | undefined> {
  if ((await lstatIfThere(path)) === undefined) return undefined;
  const bytes = await readSmallFile(path, MAX_INFO_BYTES);
  if (bytes !== undefined && createHash("sha1").update(bytes).digest("hex") === infoHash) return bytes;
  await quarantine(path);
  return undefined;
}

async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    const code = systemCode(error);
    if (code !== "ENOTEMPTY" && code !== "EEXIST" && code !== "ENOTDIR") throw error;
  }
}

function isInfoHash(name: string): boolean {
  return /^[0-9a-f]{40}$/.test(name);
}

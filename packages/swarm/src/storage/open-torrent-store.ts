import { access } from "node:fs/promises";
import { dirname, join } from "node:path";
import { STATE_FILES, STATE_FOLDER, type TorrentLayout } from "./file-layout.ts";
import { dropFileStamps, readFileStamps } from "./file-stamps.ts";
import { type RecoveredPieces, recoverPieces } from "./recover-pieces.ts";
import { SafeFolders } from "./safe-folders.ts";
import { withStorageErrors } from "./storage-error.ts";
import { DiskTorrentStore, type TorrentStore } from "./torrent-store.ts";
import { dropUnsyncedPieces, readUnsyncedPieces } from "./unsynced-pieces.ts";
import { VerifiedJournal } from "./verified-journal.ts";

export interface TorrentStoreOptions {
  /** The torrent's own folder, created when something is kept in it. The folder around it is there. */
  readonly directory: string;
  readonly metainfo: TorrentLayout;
  /** Aborts opening, which may have to hash what lies there. */
  readonly signal: AbortSignal;
  /** A piece that lies there was hashed. */
  readonly pieceChecked?: () => void;
  /** Gives back what lies in the files and is not verified, as a crash leaves it behind. */
  readonly reclaimsSpace?: boolean;
}

/**
 * Opens the store of a torrent below its folder. Pieces are believed as the journal records them, where their files are
 * there at full length; those that came too late for it are hashed, and all files if the journal is damaged or missing.
 */
export function openTorrentStore(options: TorrentStoreOptions): Promise<TorrentStore> {
  const { directory, metainfo, signal, pieceChecked = () => undefined } = options;
  return withStorageErrors(async () => {
    signal.throwIfAborted();
    const folders = new SafeFolders(directory);
    const stateFolder = join(directory, STATE_FOLDER);
    const journal = new VerifiedJournal(join(stateFolder, STATE_FILES.journal), metainfo);
    const remembered = await rememberedNames(folders, options);
    const hasLooseBlocks = remembered?.has(STATE_FILES.looseBlocks) === true;
    const create = (recovered: RecoveredPieces): DiskTorrentStore =>
      new DiskTorrentStore({ directory, layout: metainfo, folders, journal, recovered, hasLooseBlocks });
    // Somebody who has just added it waits for its first bytes: no folder is made and no more is looked at than that it is new.
    if (remembered === undefined) return create(NOTHING_RECOVERED);
    const stampsPath = join(stateFolder, STATE_FILES.stamps);
    const stamps = await readFileStamps(stampsPath, metainfo.files.length);
    const unsyncedPath = join(stateFolder, STATE_FILES.unsynced);
    const wasKilled = remembered.has(STATE_FILES.unsynced);
    const unsynced = wasKilled ? await readUnsyncedPieces(unsyncedPath, metainfo.pieceCount) : [];
    const recover = { directory, layout: metainfo, folders, journal, stamps, unsynced, signal, pieceChecked };
    const recovered = await recoverPieces(recover);
    await dropFileStamps(stampsPath);
    if (wasKilled) await dropUnsyncedPieces(unsyncedPath);
    const store = create(recovered);
    if (options.reclaimsSpace === true) await store.reclaimSpace();
    return store;
  }, signal);
}

/**
 * The names in the folder of what is remembered, or undefined if nothing of the torrent lies there: no file, and nothing that says so.
 * Rejects if a folder is none, or the one around it is gone.
 */
async function rememberedNames(
  folders: SafeFolders,
  { directory, metainfo }: TorrentStoreOptions,
): Promise<ReadonlySet<string> | undefined> {
  const [, remembered] = await Promise.all([access(dirname(directory)), folders.list([STATE_FOLDER])]);
  // At a start of the program most are: their files, which may be thousands, are not listed for it.
  if (Object.values(STATE_FILES).some((name) => remembered.has(name))) return remembered;
  const there = await folders.list([]);
  return metainfo.files.some(({ diskPath }) => there.has(diskPath[0]!)) ? remembered : undefined;
}

const NOTHING_RECOVERED: RecoveredPieces = { pieces: [], stamps: new Map() };

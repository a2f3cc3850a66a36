import { constants, type Stats } from "node:fs";
import { type FileHandle, link, lstat, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { changedFile, systemCode } from "./storage-error.ts";

/**
 * More in one call makes Linux look for memory in one piece, which takes up to twice as long (ext4, kernel 6.18). Each call goes to another
 * thread and back, so it is more than what `PieceWriter` writes at a time.
 */
const WRITE_BYTES = 256 * 1024;

/** Memory that nobody else uses, with anything in it: the caller overwrites all of it. */
export function allocateBytes(lengthBytes: number): Uint8Array {
  // A plain view, as a Buffer's own `slice` would share memory. The slow kind has its memory for itself.
  return new Uint8Array(Buffer.allocUnsafeSlow(lengthBytes).buffer);
}

/** Fills `bytes` from `position` of the file. A file that ends before that was changed behind our back: `storage_failed`. */
export async function readFully(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  // read(2) may give less than asked, on a signal or at the end of what is there.
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, position + done);
    if (bytesRead === 0) throw changedFile();
    done += bytesRead;
  }
}

/** Writes all of `bytes` at `position` of the file. */
export async function writeFully(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  // write(2) takes less than offered when the disk gets full in the middle; the next one then says ENOSPC.
  for (let done = 0; done < bytes.length; ) {
    const lengthBytes = Math.min(WRITE_BYTES, bytes.length - done);
    const { bytesWritten } = await handle.write(bytes, done, lengthBytes, position + done);
    done += taken(bytesWritten);
  }
}

/** A file that takes nothing, and says nothing of why, takes no more: to try again would be to try for ever. */
export function taken(writtenBytes: number): number {
  if (writtenBytes === 0) throw new Error("The file takes no more bytes");
  return writtenBytes;
}

/**
 * Replaces a file as a whole: after a crash it holds what it held before, or all of this. Once it resolves, it is this
 * even after a power cut. The rename needs the folder to be synced too (fsync(2), "does not necessarily ensure that the
 * entry in the directory containing the file has also reached disk").
 */
export function writeFileAtomic(path: string, parts: readonly Uint8Array[]): Promise<void> {
  return writeFilesAtomic(dirname(path), [{ name: basename(path), parts }]);
}

interface WholeFile {
  readonly name: string;
  readonly parts: readonly Uint8Array[];
}

/** As `writeFileAtomic`, for several files of a folder, which the disk takes side by side. None is replaced before all are written. */
export async function writeFilesAtomic(folder: string, files: readonly WholeFile[]): Promise<void> {
  const paths = files.map(({ name }) => join(folder, name));
  try {
    await allOf(files.map(({ parts }, index) => writeNew(temporaryOf(paths[index]!), parts)));
    for (const path of paths) await rename(temporaryOf(path), path);
  } catch (error) {
    // What a full disk cut short must not go on filling it.
    for (const path of paths) await rm(temporaryOf(path), { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(folder);
}

/** Waits for all of them, also when one rejects: what is under way must not go on unseen. Rejects as the first one does. */
export async function allOf(actions: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(actions);
  await Promise.all(actions);
}

function temporaryOf(path: string): string {
  return `${path}.tmp`;
}

async function writeNew(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  const handle = await open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o644);
  try {
    let position = 0;
    for (const part of parts) {
      await writeFully(handle, part, position);
      position += part.length;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Never through a link: the folder may have been tampered with since the file was made. */
export function openReadOnly(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
}

/** Makes the names in a folder durable: files created, renamed and deleted there. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The bytes of a small file of ours; undefined if it is missing, no ordinary file, or longer than `maxBytes`. */
export async function readSmallFile(path: string, maxBytes: number): Promise<Uint8Array | undefined> {
  const lengthBytes = await ordinaryFileLength(path);
  if (lengthBytes === undefined || lengthBytes > maxBytes) return undefined;
  const handle = await openReadOnly(path);
  try {
    const bytes = allocateBytes(lengthBytes);
    await readFully(handle, bytes, 0);
    return bytes;
  } finally {
    await handle.close();
  }
}

/** Length of an ordinary file, undefined for anything else and for nothing. Never follows a link. */
async function ordinaryFileLength(path: string): Promise<number | undefined> {
  const stats = await lstatIfThere(path);
  return stats?.isFile() === true ? stats.size : undefined;
}

/** What lies at the path, links not followed; undefined if nothing does. */
export async function lstatIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Puts a damaged file of ours aside, where a person can look at it, in place of an earlier one. */
export async function quarantine(path: string): Promise<void> {
  await rename(path, `${path}.corrupt`);
}

/** As `quarantine`, but the file stays until it is replaced. */
export async function quarantineCopy(path: string): Promise<void> {
  await rm(`${path}.corrupt`, { force: true });
  await link(path, `${path}.corrupt`);
}

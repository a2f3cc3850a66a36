import { InvariantError, RiptideError, StreamError } from "@riptide/core";

const FULL = "The disk is full. Free some space: Riptide goes on by itself, and plays what is there in the meantime.";
const FORBIDDEN =
  "Riptide may not use its data folder. Give it the permission, or choose another folder with --data-dir.";
const UNSAFE =
  "Riptide found a link, or something else that it did not make, where it stores files, and does not follow it. " +
  "Take it away, then try again.";
const GONE = "A file or folder that Riptide stored has gone or changed. Start Riptide again to fetch what is missing.";
const TOO_MANY = "Riptide has too many files open. Allow it more of them (ulimit -n), then try again.";
const TOO_LARGE = "The disk cannot hold a file this large. Choose a folder on another disk with --data-dir.";
const BROKEN = "The disk reported an error. Check the disk and the log of Riptide, then try again.";

const MESSAGES = new Map([
  ["ENOSPC", FULL],
  ["EDQUOT", FULL],
  ["EACCES", FORBIDDEN],
  ["EPERM", FORBIDDEN],
  ["EROFS", FORBIDDEN],
  ["ELOOP", UNSAFE],
  ["ENOTDIR", UNSAFE],
  ["EISDIR", UNSAFE],
  ["EEXIST", UNSAFE],
  ["ENXIO", UNSAFE],
  ["ENOENT", GONE],
  ["EMFILE", TOO_MANY],
  ["ENFILE", TOO_MANY],
  ["EFBIG", TOO_LARGE],
]);

/** What a failed call to the file system means to a user: `disk_full` or `storage_failed`. Errors of ours stay as they are. */
export function storageError(cause: unknown): RiptideError {
  if (cause instanceof RiptideError) return cause;
  const message = MESSAGES.get(systemCode(cause) ?? "") ?? BROKEN;
  return new StreamError(isDiskFull(cause) ? "disk_full" : "storage_failed", message, { cause });
}

export function isDiskFull(cause: unknown): boolean {
  return ["ENOSPC", "EDQUOT"].includes(systemCode(cause) ?? "");
}

/** Something lies where we store things that we did not put there, or a link leads away. Nothing is written through it. */
export function unsafePath(): StreamError {
  return new StreamError("storage_failed", UNSAFE);
}

/** A file is shorter than it was, or gone, behind our back. */
export function changedFile(): StreamError {
  return new StreamError("storage_failed", GONE);
}

/** `ENOENT` and the like, if the error is one of the operating system. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Runs `action`; its failure becomes a typed one, or the signal's reason if that is what ended it. A bug stays one. */
export async function withStorageErrors<T>(action: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await action();
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof InvariantError ? error : storageError(error);
  }
}

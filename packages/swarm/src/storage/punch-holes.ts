import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { constants } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { type ByteRange, StreamError } from "@riptide/core";
import { writeFully } from "./file-io.ts";
import { withStorageErrors } from "./storage-error.ts";

/** Ranges of one call: their numbers must fit in a command line, of which Linux takes 128 KiB and more. */
const MAX_RANGES = 1000;
/** A hole takes milliseconds; a disk that needs longer than this does not answer. */
const TIMEOUT_MS = 30_000;
/** More than the largest block of any file system that makes holes. */
const PROBE_BYTES = 1024 * 1024;
/** `fallocate` of util-linux takes one range at a time; the shell that runs it costs less than starting it from here. */
const SCRIPT =
  'while [ $# -gt 0 ]; do fallocate --punch-hole --offset "$1" --length "$2" /dev/fd/3 || exit; shift 2; done';

/**
 * Gives ranges of a file back to the disk: they read as zeros, and the file keeps its length. Node has no call for it
 * (fallocate(2), FALLOC_FL_PUNCH_HOLE), so a program does it, on the descriptor that is open here: nothing is looked up
 * by a name again. Blocks that lie in a range only in part are zeroed and stay.
 */
export async function punchHoles(handle: FileHandle, ranges: readonly ByteRange[]): Promise<void> {
  for (let at = 0; at < ranges.length; at += MAX_RANGES) {
    const numbers = ranges.slice(at, at + MAX_RANGES).flatMap(({ start, end }) => [`${start}`, `${end - start}`]);
    await runShell(handle, numbers);
  }
}

async function runShell(handle: FileHandle, numbers: readonly string[]): Promise<void> {
  const child = spawn("sh", ["-c", SCRIPT, "sh", ...numbers], {
    stdio: ["ignore", "ignore", "ignore", handle.fd],
    timeout: TIMEOUT_MS,
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error("fallocate could not make a hole");
}

/**
 * Rejects with `storage_failed`, and a sentence that says what is missing, if files in this folder cannot have holes made; with
 * `disk_full` if there is no room to find out.
 */
export function checkHolePunching(directory: string): Promise<void> {
  return withStorageErrors(() => punchProbe(directory));
}

async function punchProbe(directory: string): Promise<void> {
  const path = join(directory, `.riptide.${randomUUID()}.tmp`);
  const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await writeFully(handle, Buffer.alloc(PROBE_BYTES, 1), 0);
    // Until then some file systems count no blocks.
    await handle.datasync();
    const before = await handle.stat();
    await punchHoles(handle, [{ start: 0, end: PROBE_BYTES }]).catch((cause: unknown) => {
      throw cannotPunch(cause);
    });
    const after = await handle.stat();
    if (after.size !== before.size || after.blocks >= before.blocks) throw cannotPunch(undefined);
  } finally {
    await handle.close();
    await rm(path, { force: true });
  }
}

function cannotPunch(cause: unknown): StreamError {
  return new StreamError(
    "storage_failed",
    "A disk budget (--max-disk) needs the program fallocate (Debian: apt install util-linux) and a file system that can " +
      "free a part of a file (ext4, XFS, Btrfs, tmpfs). Leave the budget out, or choose another folder with --data-dir.",
    { cause },
  );
}

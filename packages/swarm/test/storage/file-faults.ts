import fs, { readlinkSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { basename } from "node:path";
import { wrapMethod } from "./wrap-method.ts";

export interface FileFaults {
  /** What was done to which file, in the order it ended: `write film.mkv`, `datasync verified`. */
  readonly log: string[];
  /** Asked before each call; throws what the system is to answer. */
  before: (call: string) => void;
  /** The most that one write takes. */
  maxWriteBytes: number;
  restore(): void;
}

/** Watches every file that is written or synced in this process from now on, and lets calls fail. */
export async function injectFileFaults(): Promise<FileFaults> {
  const probe = await open(process.execPath, "r");
  const prototype: FileHandle = Object.getPrototypeOf(probe);
  await probe.close();
  const names = ["write", "datasync", "sync"] as const;
  const undo = names.map((name) =>
    wrapMethod(prototype, name, async (handle, parameters, call) => {
      const entry = entryOf(name, handle.fd);
      faults.before(entry);
      const [bytes, at, length, position] = parameters;
      const result = await call(
        name === "write" ? [bytes, at, Math.min(Number(length), faults.maxWriteBytes), position] : parameters,
      );
      faults.log.push(entry);
      return result;
    }),
  );
  const writeSync = fs.writeSync as (
    fd: number,
    bytes: Uint8Array,
    at: number,
    length: number,
    position: number,
  ) => number;
  const replaceWriteSync = (replacement: typeof writeSync): void => {
    Object.assign(fs, { writeSync: replacement });
    syncBuiltinESMExports();
  };
  replaceWriteSync((descriptor, bytes, at, length, position) => {
    const entry = entryOf("write", descriptor);
    faults.before(entry);
    const writtenBytes = writeSync(descriptor, bytes, at, Math.min(length, faults.maxWriteBytes), position);
    faults.log.push(entry);
    return writtenBytes;
  });
  const faults: FileFaults = {
    log: [],
    before: () => undefined,
    maxWriteBytes: Number.POSITIVE_INFINITY,
    restore: () => {
      for (const restore of undo) restore();
      replaceWriteSync(writeSync);
    },
  };
  return faults;
}

function entryOf(call: string, descriptor: number): string {
  return `${call} ${basename(readlinkSync(`/proc/self/fd/${descriptor}`))}`;
}

/** The error that a system call ends with. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}

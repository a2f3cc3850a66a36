import { rm } from "node:fs/promises";
import { readSmallFile, writeFileAtomic } from "./file-io.ts";

/** When each file (by index) was last modified, as the file system tells it, in milliseconds. */
export type FileStamps = ReadonlyMap<number, number>;

/** Room for one file: its index and its time as JSON. */
const MAX_STAMP_BYTES = 40;

/**
 * The stamps left behind by a session that ended in order, none after a crash. Whoever is about to write must drop them
 * first: only while nobody of ours writes do they tell that somebody else has.
 */
export async function readFileStamps(path: string, fileCount: number): Promise<FileStamps> {
  const bytes = await readSmallFile(path, MAX_STAMP_BYTES * (fileCount + 1));
  return bytes === undefined ? new Map() : decodeStamps(bytes);
}

export function dropFileStamps(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true });
}

export async function saveFileStamps(path: string, stamps: FileStamps): Promise<void> {
  await writeFileAtomic(path, [Buffer.from(JSON.stringify([...stamps]))]);
}

/** A damaged list is as good as none: stamps only add doubt. */
function decodeStamps(bytes: Uint8Array): FileStamps {
  try {
    const entries: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    return new Map(Array.isArray(entries) ? entries.filter(isStamp) : []);
  } catch {
    return new Map();
  }
}

function isStamp(entry: unknown): entry is [number, number] {
  return Array.isArray(entry) && entry.length === 2 && entry.every((value) => typeof value === "number");
}

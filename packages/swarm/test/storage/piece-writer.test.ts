import { type FileHandle, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { PieceWriter } from "../../src/storage/piece-writer.ts";
import { temporaryFolder } from "../engine/temporary-folder.ts";
import { type FileFaults, injectFileFaults, systemError } from "./file-faults.ts";

const MIB = 1024 * 1024;
const PARTS_PER_MIB = 32;
const PIECE = Uint8Array.from({ length: 3 * MIB + 5 }, (_, index) => (index * 31) >> 8);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let path: string;
let handle: FileHandle;
let faults: FileFaults;
let nowMs = 0;
let writer: PieceWriter;
beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder.path, "film.mkv");
  handle = await open(path, "w");
  faults = await injectFileFaults();
  writer = new PieceWriter(() => nowMs);
});
afterEach(async () => {
  faults.restore();
  await handle.close();
  await folder[Symbol.asyncDispose]();
});

/** How many writes were made before the call came back. */
function writesAtOnce(bytes: Uint8Array, position: number): { atOnce: number; all: Promise<void> } {
  const before = faults.log.length;
  const all = writer.write(handle, bytes, position);
  return { atOnce: faults.log.length - before, all };
}

it("writes a MiB at once, and goes on after others had their turn", async () => {
  const { atOnce, all } = writesAtOnce(PIECE, 7);
  expect(atOnce).toBe(PARTS_PER_MIB);
  await all;
  expect(Buffer.compare((await readFile(path)).subarray(7), PIECE)).toBe(0);
});

it("leaves writing to other threads after the disk was slow, for twenty times as long", async () => {
  faults.before = () => {
    nowMs += 200;
    faults.before = () => undefined;
  };
  const slow = writesAtOnce(PIECE, 0);
  expect(slow.atOnce).toBe(1);
  await slow.all;
  expect(Buffer.compare(await readFile(path), PIECE)).toBe(0);
  nowMs += 3_999;
  const resting = writesAtOnce(PIECE, 0);
  expect(resting.atOnce).toBe(0);
  await resting.all;
  nowMs += 1;
  const again = writesAtOnce(PIECE, 0);
  expect(again.atOnce).toBe(PARTS_PER_MIB);
  await again.all;
});

it("gives every byte to a disk that takes little at a time, and says what the disk says", async () => {
  faults.maxWriteBytes = 100_000;
  await writer.write(handle, PIECE, 0);
  expect(Buffer.compare(await readFile(path), PIECE)).toBe(0);
  faults.maxWriteBytes = 0;
  await expect(writer.write(handle, PIECE, 0)).rejects.toThrow("takes no more bytes");
  faults.before = () => {
    throw systemError("ENOSPC");
  };
  await expect(writer.write(handle, PIECE, 0)).rejects.toMatchObject({ code: "ENOSPC" });
});

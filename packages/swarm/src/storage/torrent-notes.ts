import { join } from "node:path";
import { crc32 } from "node:zlib";
import { assertInvariant } from "@riptide/core";
import { readSmallFile, writeFileAtomic } from "./file-io.ts";
import { SafeFolders } from "./safe-folders.ts";

/** "RIPTIDEN" and the version of the format. */
const MAGIC = Buffer.from("RIPTIDEN\u0000\u0000\u0000\u0001", "latin1");
/** Magic, and CRC-32 of what follows. */
const HEADER_BYTES = MAGIC.length + 4;
/** An index of a film with a keyframe each half second takes some 500 KiB; larger notes are not worth their reading. */
const NOTE_LIMIT_BYTES = 8 * 1024 * 1024;
const NOTES_FOLDER = "notes";

/** Reads a note of a torrent; undefined if there is none, or none that is as it was written. Rejects where the disk fails. */
export async function readNote(stateFolder: string, name: string): Promise<Uint8Array | undefined> {
  assertNoteName(name);
  if (!(await new SafeFolders(stateFolder).exists([NOTES_FOLDER]))) return undefined;
  const bytes = await readSmallFile(join(stateFolder, NOTES_FOLDER, name), HEADER_BYTES + NOTE_LIMIT_BYTES);
  return bytes && decodeNote(bytes);
}

/** Replaces a note as a whole. One that is too long is not kept. Rejects where the disk fails. */
export async function writeNote(stateFolder: string, name: string, content: Uint8Array): Promise<void> {
  assertNoteName(name);
  if (content.length > NOTE_LIMIT_BYTES) return;
  const folder = await new SafeFolders(stateFolder).ensure([NOTES_FOLDER]);
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32BE(crc32(content), MAGIC.length);
  await writeFileAtomic(join(folder, name), [header, content]);
}

function decodeNote(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < HEADER_BYTES || !MAGIC.equals(bytes.subarray(0, MAGIC.length))) return undefined;
  const content = bytes.subarray(HEADER_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return view.getUint32(MAGIC.length) === crc32(content) ? content : undefined;
}

/** Names are ours, and become file names. */
function assertNoteName(name: string): void {
  assertInvariant(/^[a-z]{1,20}-\d{1,7}$/.test(name), "A note is named by a word and a number");
}

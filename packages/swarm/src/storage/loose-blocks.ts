import { rm } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { bitsByteLength, hasBit } from "../bits.ts";
import type { PartialPiece } from "../download/index.ts";
import { BLOCK_LENGTH_BYTES, pieceLength, type TorrentGeometry } from "../types.ts";
import { allocateBytes, readSmallFile, writeFileAtomic } from "./file-io.ts";

/**
 * Blocks kept from one session to the next: what the downloader holds in memory at usual piece lengths, and half a second
 * of writing when the process ends. The rest is fetched again.
 */
export const MAX_LOOSE_BYTES = 64 * 1024 * 1024;

/** "RIPTIDEP" and the version of the format. */
const MAGIC = Buffer.from("RIPTIDEP\u0000\u0000\u0000\u0001", "latin1");
/** Magic, info hash, CRC-32 of the records. */
const HEADER_BYTES = MAGIC.length + 20 + 4;
/** Heads of records: a piece and its bits. With pieces of 16 KiB a record is a 16 KiB block; its head is 5 bytes. */
const MAX_FILE_BYTES = MAX_LOOSE_BYTES + 1024 * 1024;

type LooseGeometry = TorrentGeometry & { readonly infoHash: string };

/** Replaces the file by these blocks, as many as fit in `MAX_LOOSE_BYTES`; removes it if there are none. */
export async function saveLooseBlocks(
  path: string,
  pieces: readonly PartialPiece[],
  torrent: LooseGeometry,
): Promise<void> {
  const records = encodeRecords(pieces, torrent);
  if (records.length === 0) return await rm(path, { force: true });
  const header = encodeHeader(torrent, records);
  await writeFileAtomic(path, [header, ...records]);
}

/** The blocks saved last. None if the file is missing or damaged: they are only a head start. */
export async function loadLooseBlocks(path: string, torrent: LooseGeometry): Promise<PartialPiece[]> {
  const bytes = await readSmallFile(path, MAX_FILE_BYTES);
  if (bytes === undefined) return [];
  const records = bytes.subarray(HEADER_BYTES);
  if (!encodeHeader(torrent, [records]).equals(bytes.subarray(0, HEADER_BYTES))) return [];
  return decodeRecords(records, torrent);
}

function encodeHeader({ infoHash }: LooseGeometry, records: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.write(infoHash, MAGIC.length, "hex");
  header.writeUInt32BE(
    records.reduce((check, part) => crc32(part, check), 0),
    HEADER_BYTES - 4,
  );
  return header;
}

/** For each piece its index, its bits, and the blocks whose bits are set; blocks in a row are one view of the piece. */
function encodeRecords(pieces: readonly PartialPiece[], torrent: LooseGeometry): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let looseBytes = 0;
  for (const { piece, blocks, bytes } of pieces) {
    const runs = [...blockRuns(blocks, pieceLength(torrent, piece))];
    const runBytes = runs.reduce((sum, run) => sum + run.end - run.start, 0);
    if (runBytes === 0 || looseBytes + runBytes > MAX_LOOSE_BYTES) continue;
    looseBytes += runBytes;
    const index = Buffer.alloc(4);
    index.writeUInt32BE(piece);
    parts.push(index, blocks, ...runs.map((run) => bytes.subarray(run.start, run.end)));
  }
  return parts;
}

function decodeRecords(records: Uint8Array, torrent: LooseGeometry): PartialPiece[] {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  const pieces: PartialPiece[] = [];
  for (let at = 0; at + 4 <= records.length; ) {
    const piece = view.getUint32(at);
    if (piece >= torrent.pieceCount) return [];
    const lengthBytes = pieceLength(torrent, piece);
    const blocksEnd = at + 4 + bitsByteLength(Math.ceil(lengthBytes / BLOCK_LENGTH_BYTES));
    const blocks = records.slice(at + 4, blocksEnd);
    const bytes = allocateBytes(lengthBytes);
    at = blocksEnd;
    for (const { start, end } of blockRuns(blocks, lengthBytes)) {
      if (at + end - start > records.length) return [];
      bytes.set(records.subarray(at, at + end - start), start);
      at += end - start;
    }
    pieces.push({ piece, blocks, bytes });
  }
  return pieces;
}

/** Where in the piece the blocks lie whose bits are set, neighbours joined. */
function* blockRuns(blocks: Uint8Array, lengthBytes: number): Iterable<{ start: number; end: number }> {
  let start: number | undefined;
  for (let block = 0; block * BLOCK_LENGTH_BYTES < lengthBytes; block += 1) {
    const at = block * BLOCK_LENGTH_BYTES;
    if (hasBit(blocks, block)) start ??= at;
    else if (start !== undefined) {
      yield { start, end: at };
      start = undefined;
    }
  }
  if (start !== undefined) yield { start, end: lengthBytes };
}

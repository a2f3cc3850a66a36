import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { lstatIfThere, quarantine, readSmallFile, writeFileAtomic, writeFully } from "./file-io.ts";

/** "RIPTIDEV" and the version of the format. */
const MAGIC = Buffer.from("RIPTIDEV\u0000\u0000\u0000\u0001", "latin1");
const INFO_HASH_BYTES = 20;
/** Magic, info hash, piece count, CRC-32 of all that. */
const HEADER_BYTES = MAGIC.length + INFO_HASH_BYTES + 4 + 4;
/** Piece index, CRC-32 of the index continued from the header's. */
const RECORD_BYTES = 8;

export interface JournalIdentity {
  readonly infoHash: string;
  readonly pieceCount: number;
}

/** What a journal says. `isIntact` is false if anything in it is not as it was written, or if there is none. */
export interface JournalContent {
  readonly pieces: readonly number[];
  readonly isIntact: boolean;
}

/**
 * The pieces of one torrent that are verified and durable, in a file that grows by one record for each. A record is
 * written after the piece's data is on the disk, so each that is whole can be believed whatever became of the others.
 */
export class VerifiedJournal {
  readonly #path: string;
  readonly #identity: JournalIdentity;
  /** Where the next record goes; undefined while there is no file. */
  #lengthBytes: number | undefined;

  constructor(path: string, identity: JournalIdentity) {
    this.#path = path;
    this.#identity = identity;
  }

  /** Reads the journal. One that is damaged (a torn last record, too) is renamed to `.corrupt`; its whole records count. */
  async load(): Promise<JournalContent> {
    if ((await lstatIfThere(this.#path)) === undefined) return { pieces: [], isIntact: false };
    const bytes = await readSmallFile(this.#path, HEADER_BYTES + RECORD_BYTES * this.#identity.pieceCount);
    const content = bytes === undefined ? { pieces: [], isIntact: false } : decodeJournal(bytes, this.#identity);
    if (content.isIntact) this.#lengthBytes = bytes?.length;
    else await quarantine(this.#path);
    return content;
  }

  /** Replaces the journal by one of these pieces, whose data is on the disk. */
  async rewrite(pieces: readonly number[]): Promise<void> {
    const bytes = encodeJournal(pieces, this.#identity);
    await writeFileAtomic(this.#path, [bytes]);
    this.#lengthBytes = bytes.length;
  }

  /** Adds pieces whose data is on the disk; they are durable when it resolves. May be tried again after it failed. */
  async append(pieces: readonly number[]): Promise<void> {
    if (this.#lengthBytes === undefined) return await this.rewrite(pieces);
    const records = encodeRecords(pieces, encodeHeader(this.#identity));
    const handle = await open(this.#path, constants.O_WRONLY | constants.O_NOFOLLOW);
    try {
      // At a fixed place, not at the end: a second try writes over what the first one left.
      await writeFully(handle, records, this.#lengthBytes);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    this.#lengthBytes += records.length;
  }
}

/** Reads the records that are whole. Pure. */
export function decodeJournal(bytes: Uint8Array, identity: JournalIdentity): JournalContent {
  const header = encodeHeader(identity);
  if (!header.equals(bytes.subarray(0, HEADER_BYTES))) return { pieces: [], isIntact: false };
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pieces: number[] = [];
  let at = HEADER_BYTES;
  for (; at + RECORD_BYTES <= buffer.length; at += RECORD_BYTES) {
    const piece = buffer.readUInt32BE(at);
    const isWhole = buffer.readUInt32BE(at + 4) === recordCheck(buffer.subarray(at, at + 4), header);
    if (isWhole && piece < identity.pieceCount) pieces.push(piece);
  }
  const isIntact = at === buffer.length && pieces.length === (buffer.length - HEADER_BYTES) / RECORD_BYTES;
  return { pieces, isIntact };
}

/** A whole journal. Pure. */
export function encodeJournal(pieces: readonly number[], identity: JournalIdentity): Uint8Array {
  const header = encodeHeader(identity);
  return Buffer.concat([header, encodeRecords(pieces, header)]);
}

function encodeRecords(pieces: readonly number[], header: Buffer): Buffer {
  const records = Buffer.alloc(pieces.length * RECORD_BYTES);
  for (const [index, piece] of pieces.entries()) {
    const at = index * RECORD_BYTES;
    records.writeUInt32BE(piece, at);
    records.writeUInt32BE(recordCheck(records.subarray(at, at + 4), header), at + 4);
  }
  return records;
}

function encodeHeader({ infoHash, pieceCount }: JournalIdentity): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.write(infoHash, MAGIC.length, "hex");
  header.writeUInt32BE(pieceCount, HEADER_BYTES - 8);
  header.writeUInt32BE(crc32(header.subarray(0, HEADER_BYTES - 4)), HEADER_BYTES - 4);
  return header;
}

/** A record of another torrent's journal, or one of zeros, does not pass. */
function recordCheck(piece: Buffer, header: Buffer): number {
  return crc32(piece, header.readUInt32BE(HEADER_BYTES - 4));
}

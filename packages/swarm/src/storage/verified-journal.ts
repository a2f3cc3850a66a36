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
/** In front of the piece of a record that takes an earlier one back. No torrent has so many pieces. */
const ERASED = 0x8000_0000;
/** Records beyond one for each piece: once there are more, the journal is written anew, in a few milliseconds. */
const MAX_STALE_RECORDS = 65_536;

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
 * written after the piece's data is on the disk, and one that takes it back before the data goes.
 */
export class VerifiedJournal {
  readonly #path: string;
  readonly #identity: JournalIdentity;
  /** Where the next record goes; undefined while there is no file. */
  #lengthBytes: number | undefined;
  /** Records that could not be made durable may lie behind `#lengthBytes`. */
  #hasLeftovers = false;

  constructor(path: string, identity: JournalIdentity) {
    this.#path = path;
    this.#identity = identity;
  }

  /** Reads the journal. One that is damaged (a torn last record, too) is renamed to `.corrupt`. */
  async load(): Promise<JournalContent> {
    if ((await lstatIfThere(this.#path)) === undefined) return { pieces: [], isIntact: false };
    const bytes = await readSmallFile(this.#path, this.#maxBytes);
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
    this.#hasLeftovers = false;
  }

  /** Adds pieces whose data is on the disk; they are durable when it resolves. May be tried again after it failed. */
  async append(pieces: readonly number[]): Promise<void> {
    if (this.#lengthBytes === undefined) return await this.rewrite(pieces);
    await this.#add(encodeRecords(pieces, encodeHeader(this.#identity)), this.#lengthBytes);
  }

  /**
   * Takes pieces back, recorded or not, before their data goes: once it resolves, no start believes them. `kept` are all
   * others that are recorded. May be tried again after it failed.
   */
  async erase(pieces: readonly number[], kept: () => readonly number[]): Promise<void> {
    if (this.#lengthBytes === undefined) return;
    const erased = pieces.map((piece) => piece + ERASED);
    if (this.#lengthBytes + RECORD_BYTES * erased.length > this.#maxBytes) return await this.rewrite(kept());
    await this.#add(encodeRecords(erased, encodeHeader(this.#identity)), this.#lengthBytes);
  }

  get #maxBytes(): number {
    return HEADER_BYTES + RECORD_BYTES * (this.#identity.pieceCount + MAX_STALE_RECORDS);
  }

  async #add(records: Uint8Array, position: number): Promise<void> {
    const handle = await open(this.#path, constants.O_WRONLY | constants.O_NOFOLLOW);
    try {
      // A second try must not leave records of the first behind its own: they may be of pieces erased since.
      if (this.#hasLeftovers) await handle.truncate(position);
      this.#hasLeftovers = true;
      // At a fixed place, not at the end: a second try writes over what the first one left.
      await writeFully(handle, records, position);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    this.#hasLeftovers = false;
    this.#lengthBytes = position + records.length;
  }
}

/** Reads the records that are whole. Pure. */
export function decodeJournal(bytes: Uint8Array, identity: JournalIdentity): JournalContent {
  const header = encodeHeader(identity);
  if (!header.equals(bytes.subarray(0, HEADER_BYTES))) return { pieces: [], isIntact: false };
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pieces = new Set<number>();
  let wholeRecords = 0;
  let at = HEADER_BYTES;
  for (; at + RECORD_BYTES <= buffer.length; at += RECORD_BYTES) {
    const recorded = buffer.readUInt32BE(at);
    const isErased = recorded >= ERASED;
    const piece = isErased ? recorded - ERASED : recorded;
    const isWhole = buffer.readUInt32BE(at + 4) === recordCheck(buffer.subarray(at, at + 4), header);
    if (!isWhole || piece >= identity.pieceCount) continue;
    wholeRecords += 1;
    if (isErased) pieces.delete(piece);
    else pieces.add(piece);
  }
  const isIntact = at === buffer.length && wholeRecords === (buffer.length - HEADER_BYTES) / RECORD_BYTES;
  return { pieces: [...pieces], isIntact };
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

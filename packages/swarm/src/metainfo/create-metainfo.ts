import { createHash, type Hash } from "node:crypto";
import { open } from "node:fs/promises";
import { assertInvariant, SourceError } from "@riptide/core";
import { type BencodeInput, encodeBencode } from "./bencode.ts";

/** One read; large enough for a disk, small enough to notice an abort soon. */
const READ_LENGTH_BYTES = 1024 * 1024;

/** A file of this machine and its path in the torrent, which does not start with the torrent's name. */
interface FileToShare {
  readonly absolutePath: string;
  readonly path: readonly string[];
}

export interface TorrentToCreate {
  readonly name: string;
  /** In torrent order. A single file whose path is `[name]` makes a single-file torrent. */
  readonly files: readonly FileToShare[];
  /** A power of two from 16 KiB. */
  readonly pieceLengthBytes: number;
  readonly trackers?: readonly (readonly string[])[];
  readonly signal: AbortSignal;
}

/**
 * Hashes files of this machine and returns the bytes of a v1 .torrent file for them (BEP 3). The same input gives the same bytes: there is no
 * creation date. Rejects with `bad_source` when a file cannot be read or there is nothing to share, or with the signal's reason.
 */
export async function createTorrentFile(torrent: TorrentToCreate): Promise<Uint8Array> {
  const pieces = new PieceHasher(torrent.pieceLengthBytes);
  const lengths: number[] = [];
  for (const file of torrent.files) lengths.push(await hashFile(file.absolutePath, pieces, torrent.signal));
  if (lengths.every((length) => length === 0)) {
    throw new SourceError("bad_source", "There are no bytes to share. Choose files that are not empty.");
  }
  const info = new Map<string, BencodeInput>([
    ["name", torrent.name],
    ["piece length", torrent.pieceLengthBytes],
    ["pieces", pieces.finish()],
  ]);
  if (isSingleFile(torrent)) info.set("length", lengths[0] ?? 0);
  else
    info.set(
      "files",
      torrent.files.map(({ path }, index) => ({ length: lengths[index] ?? 0, path })),
    );
  return encodeBencode({ info, ...announceKeys(torrent.trackers ?? []) });
}

function isSingleFile({ name, files }: TorrentToCreate): boolean {
  const [first] = files;
  return files.length === 1 && first?.path.length === 1 && first.path[0] === name;
}

/** BEP 12: clients that know no tiers read `announce`. */
function announceKeys(trackers: readonly (readonly string[])[]): { announce?: string; "announce-list"?: string[][] } {
  const first = trackers[0]?.[0];
  return first === undefined ? {} : { announce: first, "announce-list": trackers.map((tier) => [...tier]) };
}

async function hashFile(path: string, pieces: PieceHasher, signal: AbortSignal): Promise<number> {
  signal.throwIfAborted();
  const file = await open(path, "r").catch(unreadable);
  try {
    const buffer = Buffer.allocUnsafe(READ_LENGTH_BYTES);
    let lengthBytes = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, lengthBytes).catch(unreadable);
      signal.throwIfAborted();
      if (bytesRead === 0) return lengthBytes;
      lengthBytes += bytesRead;
      pieces.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

function unreadable(cause: unknown): never {
  throw new SourceError("bad_source", "A file to share cannot be read. Check that it exists and may be read.", {
    cause,
  });
}

/** Cuts a byte stream into pieces and keeps the SHA-1 of each; pieces span files (BEP 3). */
class PieceHasher {
  readonly #pieceLengthBytes: number;
  readonly #hashes: Uint8Array[] = [];
  #piece: Hash = createHash("sha1");
  #pieceBytes = 0;

  constructor(pieceLengthBytes: number) {
    assertInvariant(Number.isInteger(Math.log2(pieceLengthBytes)), `${pieceLengthBytes} is no power of two`);
    this.#pieceLengthBytes = pieceLengthBytes;
  }

  update(chunk: Uint8Array): void {
    let offset = 0;
    while (offset < chunk.length) {
      const part = chunk.subarray(offset, offset + this.#pieceLengthBytes - this.#pieceBytes);
      this.#piece.update(part);
      this.#pieceBytes += part.length;
      offset += part.length;
      if (this.#pieceBytes === this.#pieceLengthBytes) this.#endPiece();
    }
  }

  finish(): Uint8Array {
    if (this.#pieceBytes > 0) this.#endPiece();
    return Buffer.concat(this.#hashes);
  }

  #endPiece(): void {
    this.#hashes.push(this.#piece.digest());
    this.#piece = createHash("sha1");
    this.#pieceBytes = 0;
  }
}

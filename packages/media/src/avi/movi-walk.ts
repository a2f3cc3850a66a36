import type { StreamCursor } from "../stream-cursor.ts";
import { streamNumberAt } from "./chunk-id.ts";
import { CHUNK_HEADER_LENGTH_BYTES, type ChunkHeader, chunkHeaderOf } from "./riff.ts";

/** A chunk of a stream as it lies in the file. */
export interface MediaChunk {
  readonly streamNumber: number;
  readonly data: Uint8Array;
}

/** Larger than any picture that is stored: a frame of 4K without compression has 33 MB. What claims more is damage. */
const CHUNK_LIMIT_BYTES = 64 * 1024 * 1024;
/** Id and size. */
const CHUNK_START_BYTES = 8;

/** All went well; the next step can be taken. */
const TAKEN = 0;

/**
 * Walks over the media chunk by chunk, without regard to what lies in what: lists of media (`movi`, `rec `) and further RIFFs are
 * entered, chunks of wanted streams are taken, everything else is stepped over unread. It takes only steps for which the bytes
 * are there.
 *
 * Where a chunk cannot be one, or reaches beyond the end, the walk goes on at the next place that looks like a chunk of a stream.
 */
export class MoviWalk {
  readonly #cursor: StreamCursor;
  readonly #endBytes: number;
  readonly #streamCount: number;
  readonly #wanted: ReadonlySet<number>;
  #chunks: MediaChunk[] = [];
  #isLost = false;

  /** @param endBytes where the walk ends, which is at most where the stream does @param wanted numbers of streams, all of which are below `streamCount` */
  constructor(cursor: StreamCursor, endBytes: number, streams: { streamCount: number; wanted: ReadonlySet<number> }) {
    this.#cursor = cursor;
    this.#endBytes = endBytes;
    this.#streamCount = streams.streamCount;
    this.#wanted = streams.wanted;
  }

  /** Goes as far as the bytes at hand reach, and tells how many it must see side by side to go on: 0 at the end. */
  run(): number {
    while (this.#leftBytes >= CHUNK_START_BYTES) {
      const neededBytes = this.#isLost ? this.#search() : this.#step();
      if (neededBytes !== TAKEN) return neededBytes;
    }
    return 0;
  }

  /** The chunks of the steps since this was last asked. */
  takeChunks(): readonly MediaChunk[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks;
  }

  get #leftBytes(): number {
    return this.#endBytes - this.#cursor.offsetBytes;
  }

  #step(): number {
    const { bytes, position, heldBytes } = this.#cursor;
    if (heldBytes < CHUNK_START_BYTES) return CHUNK_START_BYTES;
    // Not all writers fill chunks up to an even length; no id begins with a zero.
    if (bytes[position] === 0) return this.#skip(zerosAt(bytes, position));
    const header = chunkHeaderOf(bytes.subarray(position, position + CHUNK_HEADER_LENGTH_BYTES))!;
    if (LISTS.has(header.id)) return this.#enter(header);
    const streamNumber = streamNumberAt(bytes, position);
    const lengthBytes = CHUNK_START_BYTES + header.contentLengthBytes;
    if (lengthBytes > this.#leftBytes || !ID_PATTERN.test(header.id)) return this.#lose();
    if (streamNumber === undefined || !this.#wanted.has(streamNumber)) return this.#skip(lengthBytes);
    if (header.contentLengthBytes > CHUNK_LIMIT_BYTES) return this.#lose();
    if (heldBytes < lengthBytes) return lengthBytes;
    this.#chunks.push({ streamNumber, data: bytes.subarray(position + CHUNK_START_BYTES, position + lengthBytes) });
    return this.#skip(lengthBytes);
  }

  /** A list of media may be as long as its writer came to know, which may be nothing. */
  #enter(header: ChunkHeader): number {
    const { bytes, position, heldBytes } = this.#cursor;
    if (heldBytes < Math.min(CHUNK_HEADER_LENGTH_BYTES, this.#leftBytes)) return CHUNK_HEADER_LENGTH_BYTES;
    const type = String.fromCharCode(
      ...bytes.subarray(position + CHUNK_START_BYTES, position + CHUNK_HEADER_LENGTH_BYTES),
    );
    if (ENTERED_TYPES.has(type)) return this.#skip(CHUNK_HEADER_LENGTH_BYTES);
    return header.paddedLengthBytes > this.#leftBytes ? this.#lose() : this.#skip(header.paddedLengthBytes);
  }

  #skip(lengthBytes: number): typeof TAKEN {
    this.#cursor.skip(lengthBytes);
    return TAKEN;
  }

  #lose(): typeof TAKEN {
    this.#isLost = true;
    return this.#skip(1);
  }

  #search(): number {
    const { bytes, position, heldBytes } = this.#cursor;
    const end = position + heldBytes - CHUNK_START_BYTES;
    let place = position;
    while (place <= end && !this.#isStreamChunkAt(bytes, place)) place += 1;
    this.#isLost = place > end;
    this.#cursor.skip(place - position);
    return this.#isLost ? Math.min(CHUNK_START_BYTES, this.#leftBytes) : TAKEN;
  }

  #isStreamChunkAt(bytes: Uint8Array, place: number): boolean {
    const streamNumber = streamNumberAt(bytes, place);
    if (streamNumber === undefined || streamNumber >= this.#streamCount) return false;
    return MEDIA_KINDS.has(String.fromCharCode(bytes[place + 2]!, bytes[place + 3]!));
  }
}

function zerosAt(bytes: Uint8Array, start: number): number {
  let end = start;
  while (bytes[end] === 0) end += 1;
  return end - start;
}

const LISTS: ReadonlySet<string> = new Set(["RIFF", "LIST"]);
const ENTERED_TYPES: ReadonlySet<string> = new Set(["AVI ", "AVIX", "movi", "rec "]);
/** Four printable characters. */
const ID_PATTERN = /^[\x20-\x7e]{4}$/;
/** Compressed and uncompressed pictures, sound, text: what the ids of chunks that are worth searching for end with. */
const MEDIA_KINDS: ReadonlySet<string> = new Set(["dc", "db", "wb", "tx"]);

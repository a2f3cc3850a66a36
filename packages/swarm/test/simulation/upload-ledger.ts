import { bitsByteLength, setBit, setBitsOf } from "../../src/bits.ts";
import { MAX_QUEUED_BYTES } from "../../src/session/connections.ts";
import type { BlockRequest, TorrentGeometry } from "../../src/types.ts";
import {
  MAX_QUEUED_REQUESTS,
  MAX_REQUEST_BYTES,
  MAX_RUN_BLOCKS,
  MAX_UPLOAD_WINDOW_BYTES,
} from "../../src/upload/index.ts";
import { BLOCK_HEADER_BYTES, MESSAGE_HEADER_BYTES, MessageId, readUint32 } from "../../src/wire/messages.ts";
import { MessageCutter } from "./message-cutter.ts";

/** A request with its header. */
const REQUEST_BYTES = MESSAGE_HEADER_BYTES + 12;
/** What the rudest peer makes us answer between two looks at its queue, one a second at least. */
const MAX_QUEUED_BETWEEN_LOOKS_BYTES = 1024 * 1024;

/** How often a block is owed; which of several requests for it was answered is not to be told. */
interface Owed {
  count: number;
  wasRepeated: boolean;
}

export interface UploadLedgerOptions {
  readonly geometry: TorrentGeometry;
  readonly isStored: (piece: number) => boolean;
  readonly content: (piece: number) => Uint8Array;
  readonly nowMs: () => number;
  readonly slotCount: number;
  readonly bytesPerSecond: number | undefined;
}

/** What goes out of a session, over all of its connections, and the first thing about it that was wrong. */
export class UploadLedger {
  readonly options: UploadLedgerOptions;
  uploadedBytes = 0;
  /** The most that waited for one peer to take it. */
  maxQueuedBytes = 0;
  #problem: string | undefined;
  readonly #unchoked = new Set<ConnectionLedger>();

  constructor(options: UploadLedgerOptions) {
    this.options = options;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  open(host: string, queuedBytes: () => number): ConnectionLedger {
    return new ConnectionLedger(this, host, queuedBytes);
  }

  fail(problem: string): void {
    this.#problem ??= `At ${Math.round(this.options.nowMs())} ms ${problem}`;
  }

  setChoking(connection: ConnectionLedger, isChoking: boolean): void {
    if (isChoking) this.#unchoked.delete(connection);
    else this.#unchoked.add(connection);
    // Slots change hands in one go: who loses one may be told after who gets it.
    queueMicrotask(() => {
      const { slotCount } = this.options;
      if (this.#unchoked.size > slotCount)
        this.fail(`${this.#unchoked.size} peers are unchoked, of ${slotCount} slots`);
    });
  }

  uploaded(bytes: number): void {
    const { bytesPerSecond, nowMs } = this.options;
    this.uploadedBytes += bytes;
    if (bytesPerSecond === undefined) return;
    // A burst to begin with, and a run that may be granted in debt.
    const limitBytes = (nowMs() / 1000 + 0.25) * bytesPerSecond + Math.max(0.25 * bytesPerSecond, MAX_REQUEST_BYTES);
    if (this.uploadedBytes > limitBytes) this.fail(`${this.uploadedBytes} bytes went out, not ${limitBytes}`);
  }
}

/** One connection, as its messages are handed over; what a slow peer makes of them comes later. */
export class ConnectionLedger {
  readonly #ledger: UploadLedger;
  readonly #host: string;
  readonly #queuedBytes: () => number;
  readonly #cutter = new MessageCutter((message) => this.#said(message));
  /** Requests that came and were neither answered nor rejected, the oldest first. */
  readonly #owed = new Map<string, Owed>();
  #owedCount = 0;
  readonly #told: Uint8Array;
  #isChoking = true;
  #writtenBytes = 0;
  /** Where blocks end in what was written, and their lengths, as far as they may not have been taken. */
  readonly #blocks: { readonly endsAt: number; readonly bytes: number }[] = [];

  constructor(ledger: UploadLedger, host: string, queuedBytes: () => number) {
    this.#ledger = ledger;
    this.#host = host;
    this.#queuedBytes = queuedBytes;
    this.#told = new Uint8Array(bitsByteLength(ledger.options.geometry.pieceCount));
  }

  /** The peer says this, and it arrives now. */
  heard(message: Uint8Array): void {
    for (const block of requestsIn(message)) {
      const owed = this.#owed.get(nameOf(block));
      if (owed === undefined) this.#owed.set(nameOf(block), { count: 1, wasRepeated: false });
      else Object.assign(owed, { count: owed.count + 1, wasRepeated: true });
      this.#owedCount += 1;
    }
  }

  /** What arrived has been dealt with. */
  settled(): void {
    // Those of the run that is being read are on no queue any more.
    const limit = MAX_QUEUED_REQUESTS + MAX_RUN_BLOCKS;
    if (this.#owedCount > limit) this.#fail(`${this.#owedCount} requests are kept, not ${limit}`);
  }

  /** Bytes of ours are handed over. */
  written(bytes: Uint8Array): void {
    this.#writtenBytes += bytes.length;
    this.#cutter.feed(bytes);
    this.#checkQueue();
  }

  closed(): void {
    this.#ledger.setChoking(this, true);
    this.#owed.clear();
    this.#owedCount = 0;
  }

  #said(message: Uint8Array): void {
    switch (message[4]!) {
      case MessageId.choke:
      case MessageId.unchoke:
        this.#isChoking = message[4] === MessageId.choke;
        return this.#ledger.setChoking(this, this.#isChoking);
      case MessageId.bitfield:
        return this.#tell(setBitsOf(message.subarray(MESSAGE_HEADER_BYTES)));
      case MessageId.have:
        return this.#tell([readUint32(message, MESSAGE_HEADER_BYTES)]);
      case MessageId.haveAll:
        return this.#tell(Array.from({ length: this.#ledger.options.geometry.pieceCount }, (_, piece) => piece));
      case MessageId.rejectRequest:
        return this.#answer(blockIn(message), "rejected");
      case MessageId.block:
        return this.#sent(message);
      default:
        return;
    }
  }

  #tell(pieces: Iterable<number>): void {
    for (const piece of pieces) {
      if (!this.#ledger.options.isStored(piece)) this.#fail(`is told of piece ${piece}, which is not there`);
      setBit(this.#told, piece);
    }
  }

  #sent(message: Uint8Array): void {
    const { content, isStored } = this.#ledger.options;
    const bytes = message.subarray(BLOCK_HEADER_BYTES);
    const block = { ...blockIn(message), length: bytes.length };
    const name = nameOf(block);
    this.#blocks.push({ endsAt: this.#writtenBytes, bytes: bytes.length });
    // BEP 6 lets a choked peer have the pieces of its allowed fast set, and we give nobody one.
    if (this.#isChoking) this.#fail(`is choked, but is sent ${name}`);
    if (!isStored(block.piece)) this.#fail(`is sent ${name}, which is not there`);
    const truth = content(block.piece).subarray(block.offset, block.offset + block.length);
    if (Buffer.compare(bytes, truth) !== 0) this.#fail(`is sent wrong bytes of ${name}`);
    const earlier = this.#askedBefore(name);
    if (earlier !== undefined) this.#fail(`is sent ${name}, but asked for ${earlier} earlier`);
    this.#answer(block, "sent");
    this.#ledger.uploaded(bytes.length);
  }

  #answer(block: BlockRequest, how: string): void {
    const name = nameOf(block);
    const owed = this.#owed.get(name);
    if (owed === undefined) return this.#fail(`is ${how} ${name}, for which it did not ask`);
    this.#owedCount -= 1;
    owed.count -= 1;
    if (owed.count === 0) this.#owed.delete(name);
  }

  /** Blocks come in the order of their requests: BEP 6 leaves none without an answer, be it that it was cancelled. */
  #askedBefore(name: string): string | undefined {
    for (const [earlier, { wasRepeated }] of this.#owed) {
      if (earlier === name) return undefined;
      if (!wasRepeated) return earlier;
    }
    return undefined;
  }

  #checkQueue(): void {
    const queuedBytes = this.#queuedBytes();
    const takenBytes = this.#writtenBytes - queuedBytes;
    while (this.#blocks[0] !== undefined && this.#blocks[0].endsAt <= takenBytes) this.#blocks.shift();
    const blockBytes = this.#blocks.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#ledger.maxQueuedBytes = Math.max(this.#ledger.maxQueuedBytes, queuedBytes);
    const limitBytes = 2 * MAX_UPLOAD_WINDOW_BYTES;
    if (blockBytes > limitBytes) this.#fail(`has ${blockBytes} bytes of blocks waiting for it, not ${limitBytes}`);
    if (queuedBytes > MAX_QUEUED_BYTES + MAX_QUEUED_BETWEEN_LOOKS_BYTES) {
      this.#fail(`has ${queuedBytes} bytes waiting for it, not ${MAX_QUEUED_BYTES}`);
    }
  }

  #fail(problem: string): void {
    this.#ledger.fail(`${this.#host} ${problem}`);
  }
}

function requestsIn(messages: Uint8Array): BlockRequest[] {
  const requests: BlockRequest[] = [];
  if (messages[4] !== MessageId.request) return requests;
  for (let at = 0; at < messages.length; at += REQUEST_BYTES) requests.push(blockIn(messages.subarray(at)));
  return requests;
}

/** What a message names; in that of a block, the bytes stand where the others have the length. */
function blockIn(message: Uint8Array): BlockRequest {
  const [piece, offset, length] = [0, 4, 8].map((at) => readUint32(message, MESSAGE_HEADER_BYTES + at));
  return { piece: piece!, offset: offset!, length: length! };
}

function nameOf({ piece, offset, length }: BlockRequest): string {
  return `${piece}:${offset}+${length}`;
}

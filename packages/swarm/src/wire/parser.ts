import { assertInvariant } from "@riptide/core";
import { BLOCK_LENGTH_BYTES, type BlockRequest } from "../types.ts";
import { ByteAccumulator } from "./byte-accumulator.ts";
import { BLOCK_HEADER_BYTES, MESSAGE_HEADER_BYTES, MessageId, readUint32 } from "./messages.ts";
import { ProtocolViolation } from "./protocol-violation.ts";
import type { BlockTarget, WireHandler } from "./wire.ts";

/**
 * Largest message (without its length prefix): a bitfield of 16 million pieces, a metadata piece, a PEX round.
 * Anything longer is a peer that speaks something else, or one that wants our memory.
 */
export const MAX_MESSAGE_BYTES = 2 * 1024 * 1024;

/** One behind the other, with nothing said between them: a day and more of a peer that keeps to BEP 3, and less than a second of a flood. */
const MAX_KEEP_ALIVES = 1_000;

export const SENDS_KEEP_ALIVES = "sends nothing but keep-alives";

/** The part of the session that hears messages; beginning and end of a connection are not the parser's affair. */
export type MessageHandler = Omit<WireHandler, "onHandshake" | "onReadEnd" | "onClose">;

/** Lengths (BEP 3, 5, 6), id included, of the messages that have only one. */
const FIXED_LENGTHS: ReadonlyMap<number, number> = new Map([
  [MessageId.choke, 1],
  [MessageId.unchoke, 1],
  [MessageId.interested, 1],
  [MessageId.notInterested, 1],
  [MessageId.have, 5],
  [MessageId.request, 13],
  [MessageId.cancel, 13],
  [MessageId.port, 3],
  [MessageId.suggestPiece, 5],
  [MessageId.haveAll, 1],
  [MessageId.haveNone, 1],
  [MessageId.rejectRequest, 13],
  [MessageId.allowedFast, 5],
]);

/** A block whose payload is on its way. */
interface Receiving {
  readonly block: BlockRequest;
  target: BlockTarget | null;
  receivedBytes: number;
}

/**
 * Turns bytes, however they are cut, into calls of the handler. A message that lies whole in the bytes given is read
 * where it is; a block's payload is copied once, from there to its target, and never waits for its end.
 */
export class MessageParser {
  readonly #handler: MessageHandler;
  readonly #partial = new ByteAccumulator();
  #receiving: Receiving | null = null;
  /** What is left of a message that nobody here understands. */
  #ignoredBytes = 0;
  /** Since the last message that said something. */
  #keepAlives = 0;
  #isStopped = false;

  constructor(handler: MessageHandler) {
    this.#handler = handler;
  }

  /** Throws `ProtocolViolation` where the peer broke a rule; the parser is of no use afterwards. */
  feed(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && !this.#isStopped) {
      if (this.#receiving !== null) at += this.#receivePayload(this.#receiving, bytes, at);
      else if (this.#ignoredBytes > 0) at += this.#ignore(bytes.length - at);
      else at += this.#readMessage(bytes, at);
    }
  }

  /** Nothing is called any more, not even for bytes that were fed already. */
  stop(): void {
    this.#isStopped = true;
    this.#receiving = null;
    this.#partial.clear();
  }

  /** Drops the rest of the payload that goes into `buffer`, if one does. */
  withdrawTarget(buffer: Uint8Array): void {
    if (this.#receiving?.target?.buffer === buffer) this.#receiving.target = null;
  }

  #receivePayload(receiving: Receiving, bytes: Uint8Array, at: number): number {
    const { block, target } = receiving;
    const count = Math.min(block.length - receiving.receivedBytes, bytes.length - at);
    target?.buffer.set(bytes.subarray(at, at + count), target.at + receiving.receivedBytes);
    receiving.receivedBytes += count;
    if (receiving.receivedBytes === block.length) {
      this.#receiving = null;
      this.#handler.onBlock(block, target !== null);
    }
    return count;
  }

  #ignore(availableBytes: number): number {
    const count = Math.min(this.#ignoredBytes, availableBytes);
    this.#ignoredBytes -= count;
    return count;
  }

  #readMessage(bytes: Uint8Array, at: number): number {
    if (this.#partial.length > 0) return this.#completePartial(bytes, at);
    const available = bytes.length - at;
    const needed = bytesNeeded(bytes, at, available);
    if (needed > available) {
      this.#partial.append(bytes.subarray(at));
      return available;
    }
    this.#handle(bytes, at);
    return needed;
  }

  #completePartial(bytes: Uint8Array, at: number): number {
    const partial = this.#partial;
    const missing = bytesNeeded(partial.bytes, 0, partial.length) - partial.length;
    const count = Math.min(missing, bytes.length - at);
    partial.append(bytes.subarray(at, at + count));
    // Only now its length or its id may be known, and with them that more is needed, or that it is refused.
    const message = partial.bytes;
    if (bytesNeeded(message, 0, message.length) === message.length) {
      partial.clear();
      this.#handle(message, 0);
    }
    return count;
  }

  /** Handles the message at `at`, of which `bytesNeeded` bytes are there. */
  #handle(bytes: Uint8Array, at: number): void {
    const length = readUint32(bytes, at);
    if (length === 0) return this.#countKeepAlive();
    this.#keepAlives = 0;
    const id = bytes[at + 4]!;
    const body = at + MESSAGE_HEADER_BYTES;
    const handler = this.#handler;
    switch (id) {
      case MessageId.choke:
        return handler.onChoke();
      case MessageId.unchoke:
        return handler.onUnchoke();
      case MessageId.interested:
        return handler.onInterested();
      case MessageId.notInterested:
        return handler.onNotInterested();
      case MessageId.have:
        return handler.onHave(readUint32(bytes, body));
      case MessageId.bitfield:
        return handler.onBitfield(copyOf(bytes, body, at + 4 + length));
      case MessageId.request:
        return handler.onRequest(readBlockRequest(bytes, body));
      case MessageId.block:
        return this.#startBlock(readUint32(bytes, body), readUint32(bytes, body + 4), length - 9);
      case MessageId.cancel:
        return handler.onCancel(readBlockRequest(bytes, body));
      case MessageId.port:
        return handler.onPort?.((bytes[body]! << 8) | bytes[body + 1]!);
      case MessageId.haveAll:
        return handler.onHaveAll();
      case MessageId.haveNone:
        return handler.onHaveNone();
      case MessageId.rejectRequest:
        return handler.onReject(readBlockRequest(bytes, body));
      case MessageId.extended:
        return handler.onExtended(bytes[body]!, copyOf(bytes, body + 1, at + 4 + length));
      case MessageId.suggestPiece:
      case MessageId.allowedFast:
        // BEP 6 calls both advisory, and the reader's deadlines know better what to fetch next.
        return;
      default:
        this.#ignoredBytes = length - 1;
    }
  }

  /** Who has nothing else to say for so long keeps a place that another peer could use. */
  #countKeepAlive(): void {
    this.#keepAlives += 1;
    if (this.#keepAlives > MAX_KEEP_ALIVES) throw new ProtocolViolation(SENDS_KEEP_ALIVES);
  }

  #startBlock(piece: number, offset: number, length: number): void {
    const block = { piece, offset, length };
    const target = this.#handler.blockTarget(block);
    if (this.#isStopped) return;
    assertInvariant(target === null || target.at + length <= target.buffer.length, "A block must fit into its target");
    this.#receiving = { block, target, receivedBytes: 0 };
  }
}

/**
 * How many bytes of the message at `at` must be there before it can be handled, as far as the `available` ones tell:
 * all of it, but of a block or an unknown message only what stands in front of the payload.
 */
function bytesNeeded(bytes: Uint8Array, at: number, available: number): number {
  if (available < 4) return 4;
  const length = readUint32(bytes, at);
  if (length === 0) return 4;
  if (length > MAX_MESSAGE_BYTES) throw new ProtocolViolation(`message of ${length} bytes`);
  if (available < MESSAGE_HEADER_BYTES) return MESSAGE_HEADER_BYTES;
  const id = bytes[at + 4]!;
  if (id === MessageId.block) {
    if (length <= 9 || length > 9 + BLOCK_LENGTH_BYTES) throw new ProtocolViolation(`block of ${length - 9} bytes`);
    return BLOCK_HEADER_BYTES;
  }
  if (id === MessageId.bitfield) return 4 + length;
  if (id === MessageId.extended) {
    if (length < 2) throw new ProtocolViolation("extended message without an id");
    return 4 + length;
  }
  const fixedLength = FIXED_LENGTHS.get(id);
  if (fixedLength === undefined) return MESSAGE_HEADER_BYTES;
  if (length !== fixedLength) throw new ProtocolViolation(`message ${id} of ${length} bytes instead of ${fixedLength}`);
  return 4 + length;
}

function readBlockRequest(bytes: Uint8Array, at: number): BlockRequest {
  return { piece: readUint32(bytes, at), offset: readUint32(bytes, at + 4), length: readUint32(bytes, at + 8) };
}

/** The read buffer is reused, and `slice` of a `Buffer` would not copy. */
function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.subarray(start, end));
}

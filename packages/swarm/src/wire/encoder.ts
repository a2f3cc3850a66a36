import type { BlockRequest } from "../types.ts";
import { BLOCK_HEADER_BYTES, MESSAGE_HEADER_BYTES, MessageId, writeUint32 } from "./messages.ts";

/** BEP 3: "messages of length zero are keepalives, and ignored". */
export const KEEP_ALIVE: Uint8Array = new Uint8Array(4);

/** A request, a cancel and a reject differ in their id only. */
export type BlockMessageId = typeof MessageId.request | typeof MessageId.cancel | typeof MessageId.rejectRequest;

/** A message that is its id: choke, unchoke, interested, not interested, have all, have none. */
export function encodeSignal(id: number): Uint8Array {
  return allocateMessage(id, 0);
}

export function encodeHave(piece: number): Uint8Array {
  const message = allocateMessage(MessageId.have, 4);
  writeUint32(message, MESSAGE_HEADER_BYTES, piece);
  return message;
}

export function encodeBitfield(bits: Uint8Array): Uint8Array {
  const message = allocateMessage(MessageId.bitfield, bits.length);
  message.set(bits, MESSAGE_HEADER_BYTES);
  return message;
}

/** One message for each block, in one array: many requests cost one write. */
export function encodeBlockMessages(id: BlockMessageId, blocks: readonly BlockRequest[]): Uint8Array {
  const messageBytes = MESSAGE_HEADER_BYTES + 12;
  const messages = Buffer.allocUnsafe(messageBytes * blocks.length);
  let at = 0;
  for (const block of blocks) {
    at = writeHeader(messages, at, id, 12);
    at = writeUint32(messages, at, block.piece);
    at = writeUint32(messages, at, block.offset);
    at = writeUint32(messages, at, block.length);
  }
  return messages;
}

/** What stands in front of a block's bytes, which are sent as they are. */
export function encodeBlockHeader(piece: number, offset: number, lengthBytes: number): Uint8Array {
  const header = Buffer.allocUnsafe(BLOCK_HEADER_BYTES);
  let at = writeHeader(header, 0, MessageId.block, 8 + lengthBytes);
  at = writeUint32(header, at, piece);
  writeUint32(header, at, offset);
  return header;
}

/** BEP 10: the extended message id, then the id that the peer's extension handshake gave the extension. */
export function encodeExtended(extensionId: number, payload: Uint8Array): Uint8Array {
  const message = allocateMessage(MessageId.extended, 1 + payload.length);
  message[MESSAGE_HEADER_BYTES] = extensionId;
  message.set(payload, MESSAGE_HEADER_BYTES + 1);
  return message;
}

function allocateMessage(id: number, bodyBytes: number): Uint8Array {
  const message = Buffer.allocUnsafe(MESSAGE_HEADER_BYTES + bodyBytes);
  writeHeader(message, 0, id, bodyBytes);
  return message;
}

function writeHeader(bytes: Uint8Array, at: number, id: number, bodyBytes: number): number {
  const idAt = writeUint32(bytes, at, 1 + bodyBytes);
  bytes[idAt] = id;
  return idAt + 1;
}

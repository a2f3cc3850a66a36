import type { BlockRequest } from "../../src/types.ts";
import * as encoder from "../../src/wire/encoder.ts";
import { MessageId, writeUint32 } from "../../src/wire/messages.ts";
import type { Call } from "./recording-handler.ts";

/** A message as bytes, and what a handler must hear of it. */
export interface Sample {
  readonly title: string;
  readonly bytes: Uint8Array;
  readonly calls: readonly Call[];
}

/** Bytes that differ from their neighbours and from those of another seed. */
export function patternBytes(lengthBytes: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(lengthBytes);
  for (let at = 0; at < lengthBytes; at++) bytes[at] = at * 31 + (at >>> 8) * 7 + seed * 101;
  return bytes;
}

/** A message with any id and body, right or wrong. */
export function rawMessage(id: number, body: Uint8Array): Uint8Array {
  const message = new Uint8Array(5 + body.length);
  writeUint32(message, 0, 1 + body.length);
  message[4] = id;
  message.set(body, 5);
  return message;
}

export function blockMessage(block: BlockRequest, data: Uint8Array): Uint8Array {
  return Buffer.concat([encoder.encodeBlockHeader(block.piece, block.offset, data.length), data]);
}

const BLOCK: BlockRequest = { piece: 0x80000001, offset: 0x00ff4000, length: 16_384 };
const SHORT_BLOCK: BlockRequest = { piece: 7, offset: 0, length: 1 };
const BITS = patternBytes(70_000, 3);
const PAYLOAD = patternBytes(20_000, 4);

/** Every message there is, with small and large bodies. */
export const SAMPLES: readonly Sample[] = [
  { title: "keep-alive", bytes: encoder.KEEP_ALIVE, calls: [] },
  { title: "choke", bytes: encoder.encodeSignal(MessageId.choke), calls: [["choke"]] },
  { title: "unchoke", bytes: encoder.encodeSignal(MessageId.unchoke), calls: [["unchoke"]] },
  { title: "interested", bytes: encoder.encodeSignal(MessageId.interested), calls: [["interested"]] },
  { title: "not interested", bytes: encoder.encodeSignal(MessageId.notInterested), calls: [["notInterested"]] },
  { title: "have", bytes: encoder.encodeHave(4_294_967_295), calls: [["have", 4_294_967_295]] },
  { title: "bitfield of 70,000 bytes", bytes: encoder.encodeBitfield(BITS), calls: [["bitfield", BITS]] },
  {
    title: "bitfield of 1 byte",
    bytes: encoder.encodeBitfield(Uint8Array.of(128)),
    calls: [["bitfield", Uint8Array.of(128)]],
  },
  { title: "empty bitfield", bytes: encoder.encodeBitfield(new Uint8Array()), calls: [["bitfield", new Uint8Array()]] },
  {
    title: "two requests",
    bytes: encoder.encodeBlockMessages(MessageId.request, [BLOCK, SHORT_BLOCK]),
    calls: [
      ["request", BLOCK],
      ["request", SHORT_BLOCK],
    ],
  },
  { title: "cancel", bytes: encoder.encodeBlockMessages(MessageId.cancel, [BLOCK]), calls: [["cancel", BLOCK]] },
  { title: "reject", bytes: encoder.encodeBlockMessages(MessageId.rejectRequest, [BLOCK]), calls: [["reject", BLOCK]] },
  {
    title: "block of 16 KiB",
    bytes: blockMessage(BLOCK, patternBytes(16_384, 1)),
    calls: [
      ["blockTarget", BLOCK],
      ["block", BLOCK, true],
    ],
  },
  {
    title: "block of 1 byte",
    bytes: blockMessage(SHORT_BLOCK, patternBytes(1, 2)),
    calls: [
      ["blockTarget", SHORT_BLOCK],
      ["block", SHORT_BLOCK, true],
    ],
  },
  { title: "port", bytes: rawMessage(MessageId.port, Uint8Array.of(0x1a, 0xe1)), calls: [["port", 6881]] },
  { title: "have all", bytes: encoder.encodeSignal(MessageId.haveAll), calls: [["haveAll"]] },
  { title: "have none", bytes: encoder.encodeSignal(MessageId.haveNone), calls: [["haveNone"]] },
  { title: "suggest piece", bytes: rawMessage(MessageId.suggestPiece, new Uint8Array(4)), calls: [] },
  { title: "allowed fast", bytes: rawMessage(MessageId.allowedFast, new Uint8Array(4)), calls: [] },
  { title: "extended", bytes: encoder.encodeExtended(2, PAYLOAD), calls: [["extended", 2, PAYLOAD]] },
  {
    title: "extended without payload",
    bytes: encoder.encodeExtended(9, new Uint8Array()),
    calls: [["extended", 9, new Uint8Array()]],
  },
  { title: "unknown message of 100,000 bytes", bytes: rawMessage(21, patternBytes(100_000, 5)), calls: [] },
  { title: "unknown message without a body", bytes: rawMessage(200, new Uint8Array()), calls: [] },
];

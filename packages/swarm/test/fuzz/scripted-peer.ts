import { encodeBencode } from "../../src/metainfo/bencode.ts";
import type { Metainfo } from "../../src/metainfo/index.ts";
import { BLOCK_LENGTH_BYTES, type BlockRequest, pieceLength } from "../../src/types.ts";
import * as encoder from "../../src/wire/encoder.ts";
import { encodeHandshake, HANDSHAKE_BYTES } from "../../src/wire/handshake.ts";
import { EXTENSION_HANDSHAKE_ID, encodeMetadataRequest, parseMetadataMessage } from "../../src/wire/index.ts";
import { MessageId } from "../../src/wire/messages.ts";
import { MessageParser } from "../../src/wire/parser.ts";
import { blockMessage, rawMessage } from "../wire/message-samples.ts";
import type { MemorySocket } from "./memory-socket.ts";

/** Under these ids others send us the extensions. */
const OUR_METADATA_ID = 3;
const OUR_PEX_ID = 4;

export interface ScriptedPeerOptions {
  readonly socket: MemorySocket;
  readonly metainfo: Metainfo;
  readonly bytes: Uint8Array;
  /** A metadata message (BEP 9) that answers a request for this piece. */
  readonly answerMetadata: (piece: number) => Uint8Array;
  readonly peerId: Uint8Array;
  /** Carries what it says to the wire; the honest one's is `socket.receive`. */
  readonly send: (bytes: Uint8Array) => void;
}

function ignore(): void {}

/** A peer that has everything, answers every message as the protocol says, and asks for blocks: the valid session. */
export class ScriptedPeer {
  readonly received = new Map<string, Uint8Array>();
  metadataAnswers = 0;
  #heard: Buffer = Buffer.alloc(0);
  #isGreeted = false;
  readonly #options: ScriptedPeerOptions;
  readonly #parser: MessageParser;
  #incoming: Buffer = Buffer.alloc(0);

  constructor(options: ScriptedPeerOptions) {
    this.#options = options;
    this.#parser = new MessageParser(this.#handler());
    options.socket.onWritten = (bytes) => this.hear(bytes);
  }

  greet(): void {
    const { metainfo, peerId } = this.#options;
    this.#say(encodeHandshake(metainfo.infoHash, peerId));
    this.#say(encoder.encodeSignal(MessageId.haveAll));
    this.#extended(EXTENSION_HANDSHAKE_ID, {
      m: { ut_metadata: OUR_METADATA_ID, ut_pex: OUR_PEX_ID },
      metadata_size: metainfo.infoBytes.length,
      p: 6881,
      reqq: 500,
      v: "Scripted",
    });
    // Messages that nobody here understands are no reason to lose a byte of those that follow.
    this.#say(rawMessage(21, new Uint8Array(300)));
    this.#say(encoder.KEEP_ALIVE);
    this.#say(encoder.encodeSignal(MessageId.interested));
    this.#say(encoder.encodeSignal(MessageId.unchoke));
  }

  /** Bytes that the wire wrote. */
  hear(bytes: Uint8Array): void {
    if (this.#isGreeted) return this.#parser.feed(bytes);
    this.#heard = Buffer.concat([this.#heard, bytes]);
    if (this.#heard.length < HANDSHAKE_BYTES) return;
    this.#isGreeted = true;
    this.#parser.feed(this.#heard.subarray(HANDSHAKE_BYTES));
  }

  /** Asks for every block of a piece. */
  requestPiece(piece: number): void {
    const blocks: BlockRequest[] = [];
    const length = pieceLength(this.#options.metainfo, piece);
    for (let offset = 0; offset < length; offset += BLOCK_LENGTH_BYTES) {
      blocks.push({ piece, offset, length: Math.min(BLOCK_LENGTH_BYTES, length - offset) });
    }
    this.#say(encoder.encodeBlockMessages(MessageId.request, blocks));
  }

  requestMetadata(piece: number, id: number): void {
    this.#say(encoder.encodeExtended(id, encodeMetadataRequest(piece)));
  }

  /** Says something out of turn. */
  say(message: Uint8Array): void {
    this.#say(message);
  }

  #handler(): ConstructorParameters<typeof MessageParser>[0] {
    const { metainfo, bytes } = this.#options;
    return {
      onChoke: ignore,
      onUnchoke: ignore,
      onInterested: () => this.#say(encoder.encodeSignal(MessageId.unchoke)),
      onNotInterested: ignore,
      onHave: ignore,
      onBitfield: ignore,
      onHaveAll: ignore,
      onHaveNone: ignore,
      onRequest: (block) => {
        const at = block.piece * metainfo.pieceLengthBytes + block.offset;
        this.#say(blockMessage(block, bytes.subarray(at, at + block.length)));
      },
      onCancel: (block) => this.#say(encoder.encodeBlockMessages(MessageId.rejectRequest, [block])),
      onReject: ignore,
      onExtended: (id, payload) => this.#heardExtended(id, payload),
      onPort: ignore,
      blockTarget: (block) => {
        this.#incoming = Buffer.alloc(block.length);
        return { buffer: this.#incoming, at: 0 };
      },
      onBlock: ({ piece, offset }) => void this.received.set(`${piece}:${offset}`, this.#incoming),
    };
  }

  #heardExtended(id: number, payload: Uint8Array): void {
    if (id !== OUR_METADATA_ID) return;
    const message = parseMetadataMessage(payload);
    if (message?.kind === "data") this.metadataAnswers += 1;
    if (message?.kind !== "request") return;
    // Our messages go under the ids of the wire: ut_metadata is 1 there.
    this.#say(encoder.encodeExtended(1, this.#options.answerMetadata(message.piece)));
  }

  #extended(id: number, fields: Parameters<typeof encodeBencode>[0]): void {
    this.#say(encoder.encodeExtended(id, encodeBencode(fields)));
  }

  #say(message: Uint8Array): void {
    this.#options.send(message);
  }
}

import { createRandom, type Random, SimulatedPeer, type SimulatedPeerOptions, type VirtualClock } from "@riptide/sim";
import { bitsByteLength, setBit } from "../../src/bits.ts";
import type { BlockRequest, TorrentGeometry } from "../../src/types.ts";
import { encodeBitfield, encodeBlockHeader, encodeBlockMessages, encodeSignal } from "../../src/wire/encoder.ts";
import { encodeHandshake, HANDSHAKE_BYTES } from "../../src/wire/handshake.ts";
import { MessageId } from "../../src/wire/messages.ts";
import { MessageParser } from "../../src/wire/parser.ts";
import type { FarEnd, SimulatedSocket } from "./simulated-socket.ts";

export interface WirePeerOptions {
  readonly behaviour: SimulatedPeerOptions;
  readonly number: number;
  readonly infoHash: string;
  readonly geometry: TorrentGeometry;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly socket: SimulatedSocket;
  readonly closed: (peer: WirePeer) => void;
  /** The content of a piece. */
  readonly content: (piece: number) => Uint8Array;
}

const nothing = (): void => undefined;

/** A simulated peer at the far end of a connection, which speaks BEP 3 and BEP 6 over it with the real parser and encoder. */
export class WirePeer implements FarEnd {
  readonly peer: SimulatedPeer;
  readonly #options: WirePeerOptions;
  readonly #parser: MessageParser;
  #handshakeBytes = 0;
  #sending: BlockRequest | undefined;
  /** What waits for the end of a block: nothing comes in the middle of one. */
  readonly #held: Uint8Array[] = [];
  #isHealed = false;

  constructor(options: WirePeerOptions) {
    this.#options = options;
    const { behaviour, clock, random } = options;
    this.peer = new SimulatedPeer(behaviour, {
      clock,
      random,
      listener: {
        choked: () => this.#say(encodeSignal(MessageId.choke)),
        unchoked: () => this.#say(encodeSignal(MessageId.unchoke)),
        rejected: (block) => this.#say(encodeBlockMessages(MessageId.rejectRequest, [block])),
        delivering: (block) => this.#delivering(block),
        delivered: (wrongBy) => this.#delivered(wrongBy),
      },
    });
    this.#parser = this.#createParser();
  }

  received(bytes: Uint8Array): void {
    const missing = HANDSHAKE_BYTES - this.#handshakeBytes;
    if (missing > 0) {
      this.#handshakeBytes += Math.min(missing, bytes.length);
      if (this.#handshakeBytes === HANDSHAKE_BYTES) this.#later(this.peer.roundTripMs, () => this.#greet());
    }
    if (bytes.length > missing) this.#parser.feed(bytes.subarray(Math.max(0, missing)));
  }

  closed(): void {
    this.peer.close();
    this.#options.closed(this);
  }

  heal(): void {
    this.#isHealed = true;
    if (this.#handshakeBytes === HANDSHAKE_BYTES) this.peer.heal();
  }

  /** The peer breaks the connection off. */
  leave(): void {
    this.#options.socket.destroy();
  }

  #createParser(): MessageParser {
    const { peer } = this;
    return new MessageParser({
      onInterested: () =>
        this.#later(peer.latencyMs, () => {
          if (this.#isHealed) peer.heal();
          else peer.unchoke();
        }),
      onRequest: (block) => peer.request([block]),
      onCancel: (block) => peer.cancel([block]),
      onChoke: nothing,
      onUnchoke: nothing,
      onNotInterested: nothing,
      onHave: nothing,
      onBitfield: nothing,
      onHaveAll: nothing,
      onHaveNone: nothing,
      onReject: nothing,
      onExtended: nothing,
      blockTarget: () => null,
      onBlock: nothing,
    });
  }

  /** Our handshake got there, and the answer is here again, with what the peer says it has right behind it. */
  #greet(): void {
    const { infoHash, number, socket } = this.#options;
    const peerId = createRandom(number).bytes(20);
    socket.arrive(encodeHandshake(infoHash, peerId));
    socket.arrive(this.#pieces());
  }

  #pieces(): Uint8Array {
    const { behaviour, geometry } = this.#options;
    const { has, liesAbout } = behaviour;
    if (has === undefined) return encodeSignal(MessageId.haveAll);
    const bits = new Uint8Array(bitsByteLength(geometry.pieceCount));
    for (let piece = 0; piece < geometry.pieceCount; piece++) {
      if (has(piece) || liesAbout?.(piece) === true) setBit(bits, piece);
    }
    return encodeBitfield(bits);
  }

  /** The first half comes with the first byte, so that a block that is interrupted has been written in part. */
  #delivering(block: BlockRequest): void {
    this.#sending = block;
    const bytes = this.#bytesOf(block);
    const header = encodeBlockHeader(block.piece, block.offset, block.length);
    this.#options.socket.arrive(Buffer.concat([header, bytes.subarray(0, block.length >> 1)]));
  }

  #delivered(wrongBy: number): void {
    const block = this.#sending;
    if (block === undefined) return;
    this.#sending = undefined;
    const rest = this.#bytesOf(block).slice(block.length >> 1);
    rest[0]! ^= wrongBy;
    this.#options.socket.arrive(Buffer.concat([rest, ...this.#held.splice(0)]));
  }

  #say(message: Uint8Array): void {
    if (this.#sending === undefined) this.#options.socket.arrive(message);
    else this.#held.push(message);
  }

  #bytesOf({ piece, offset, length }: BlockRequest): Uint8Array {
    return this.#options.content(piece).subarray(offset, offset + length);
  }

  #later(delayMs: number, happen: () => void): void {
    this.#options.clock.setTimer(delayMs, () => {
      if (!this.#options.socket.destroyed) happen();
    });
  }
}

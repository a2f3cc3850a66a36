import { createRandom, type Random, SimulatedPeer, type SimulatedPeerOptions, type VirtualClock } from "@riptide/sim";
import type { BlockRequest, TorrentGeometry } from "../../src/types.ts";
import { encodeBitfield, encodeBlockHeader, encodeBlockMessages, encodeSignal } from "../../src/wire/encoder.ts";
import { encodeHandshake, HANDSHAKE_BYTES } from "../../src/wire/handshake.ts";
import { MessageId } from "../../src/wire/messages.ts";
import { MessageParser } from "../../src/wire/parser.ts";
import { announcedPieces } from "./announced-pieces.ts";
import { Leecher } from "./leecher.ts";
import type { Leeching } from "./leeching.ts";
import { MessageCutter } from "./message-cutter.ts";
import type { FarEnd, SimulatedSocket } from "./simulated-socket.ts";
import type { ConnectionLedger } from "./upload-ledger.ts";

/** BEP 3: how a handshake begins that is not encrypted. */
const PLAINTEXT = Buffer.from("\x13BitTorrent protocol", "latin1");

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
  /** What goes out to it is written down there. */
  readonly ledger: ConnectionLedger;
  /** It downloads from us, too. */
  readonly leeching?: Leeching | undefined;
}

const nothing = (): void => undefined;

/** A simulated peer at the far end of a connection, which speaks BEP 3 and BEP 6 over it with the real parser and encoder. */
export class WirePeer implements FarEnd {
  readonly peer: SimulatedPeer;
  readonly #options: WirePeerOptions;
  readonly #parser: MessageParser;
  readonly #leecher: Leecher | undefined;
  readonly #cutter = new MessageCutter((message) => this.#heard(message));
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
    this.#leecher = this.#createLeecher();
  }

  written(bytes: Uint8Array): void {
    this.#options.ledger.written(bytes);
  }

  received(bytes: Uint8Array): void {
    const missing = HANDSHAKE_BYTES - this.#handshakeBytes;
    if (missing === HANDSHAKE_BYTES && !PLAINTEXT.equals(bytes.subarray(0, PLAINTEXT.length))) return this.leave();
    if (missing > 0) {
      this.#handshakeBytes += Math.min(missing, bytes.length);
      if (this.#handshakeBytes === HANDSHAKE_BYTES) this.#later(this.peer.roundTripMs, () => this.#greet());
    }
    this.#cutter.feed(bytes);
  }

  closed(): void {
    this.peer.close();
    this.#options.ledger.closed();
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

  /** Old clients ask for more at once than our own parser takes: blocks are for the leecher only. */
  #heard(message: Uint8Array): void {
    this.#leecher?.heard(message);
    if (message[4] !== MessageId.block) this.#parser.feed(message);
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

  #createLeecher(): Leecher | undefined {
    const { leeching, socket } = this.#options;
    if (leeching === undefined) return undefined;
    const isOpen = (): boolean => !socket.destroyed;
    return new Leecher({ ...this.#options, ...leeching, isOpen, say: (message) => this.#say(message) });
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
    const bits = announcedPieces(behaviour, geometry.pieceCount);
    return bits === undefined ? encodeSignal(MessageId.haveAll) : encodeBitfield(bits);
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
    this.#tell(this.#held.splice(0), rest);
  }

  #say(message: Uint8Array): void {
    if (this.#sending === undefined) this.#tell([message]);
    else this.#held.push(message);
  }

  #tell(messages: readonly Uint8Array[], before: Uint8Array = new Uint8Array(0)): void {
    const { ledger, socket } = this.#options;
    for (const message of messages) ledger.heard(message);
    socket.arrive(Buffer.concat([before, ...messages]));
    ledger.settled();
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

import { createHash } from "node:crypto";
import type { Clock } from "@riptide/core";
import {
  EXTENSION_HANDSHAKE_ID,
  type ExtensionHandshake,
  encodeExtensionHandshake,
  encodeMetadataAnswer,
  encodeMetadataReject,
  encodeMetadataRequest,
  MetadataAssembler,
  type MetadataPiece,
  parseExtensionHandshake,
  parseMetadataMessage,
  UT_METADATA_ID,
} from "../wire/index.ts";
import type { Peer } from "./peer.ts";

/** Shown to other clients in their list of peers. */
const CLIENT_NAME = "Riptide 0.1";
/** Requests we let a peer queue with us (BEP 10, reqq). */
const REQUEST_QUEUE_DEPTH = 512;
/** Peers asked for the metadata at the same time: one may be slow or lie, more would be a waste of up to 10 MB each. */
const MAX_PARALLEL_FETCHES = 4;
/** Requests that one peer has to answer at a time: Transmission keeps 64 and rejects the rest. */
const MAX_OPEN_REQUESTS = 32;
/** A peer that sends no piece for this long makes way for the next one. */
const PATIENCE_MS = 10_000;
/** Answers that may wait for a peer to take them: 30 bytes ask for 16 KiB, so what is asked beyond that is rejected. */
const MAX_QUEUED_ANSWER_BYTES = 2 * 1024 * 1024;

export interface MetadataExchangeOptions {
  readonly infoHash: string;
  readonly infoBytes: Uint8Array | undefined;
  readonly listenPort: number | undefined;
  /** Whether peers may tell us of others (BEP 11). */
  readonly exchangesPeers: () => boolean;
  readonly clock: Clock;
  /** The info dictionary is there and its hash is right. Once. */
  readonly found: (infoBytes: Uint8Array) => void;
  /** What this peer sent has another hash. */
  readonly lied: (peer: Peer) => void;
}

interface Conversation {
  handshake: ExtensionHandshake | undefined;
  /** It rejected a request or contradicted itself: not asked again. */
  isHopeless: boolean;
  fetch: Fetch | undefined;
}

interface Fetch {
  readonly assembler: MetadataAssembler;
  nextPiece: number;
  patience: Disposable;
}

/** Extension handshakes (BEP 10) and the metadata of a magnet (BEP 9), asked of several peers and given to all. */
export class MetadataExchange {
  readonly #options: MetadataExchangeOptions;
  /** Those at the front are asked first. */
  readonly #conversations = new Map<Peer, Conversation>();
  #infoBytes: Uint8Array | undefined;

  constructor(options: MetadataExchangeOptions) {
    this.#options = options;
    this.#infoBytes = options.infoBytes;
  }

  /** A peer with a finished handshake: introduces us. */
  join(peer: Peer): void {
    if (peer.remote?.supportsExtensions !== true) return;
    this.#conversations.set(peer, { handshake: undefined, isHopeless: false, fetch: undefined });
    peer.wire.extended(
      EXTENSION_HANDSHAKE_ID,
      encodeExtensionHandshake({
        client: CLIENT_NAME,
        requestQueueDepth: REQUEST_QUEUE_DEPTH,
        metadataSizeBytes: this.#infoBytes?.length,
        listenPort: this.#options.listenPort,
        exchangesPeers: this.#options.exchangesPeers(),
      }),
    );
  }

  leave(peer: Peer): void {
    const conversation = this.#conversations.get(peer);
    if (conversation === undefined) return;
    this.#stopFetch(conversation);
    this.#conversations.delete(peer);
    this.#askNext();
  }

  /** Takes an extended message; returns the peer's extension handshake if it was one. */
  extended(peer: Peer, extensionId: number, payload: Uint8Array): ExtensionHandshake | undefined {
    const conversation = this.#conversations.get(peer);
    if (conversation === undefined) return undefined;
    if (extensionId === EXTENSION_HANDSHAKE_ID) return this.#introduced(peer, conversation, payload);
    if (extensionId === UT_METADATA_ID) this.#message(peer, conversation, payload);
    return undefined;
  }

  /** What the peer told about itself, if it did. */
  handshakeOf(peer: Peer): ExtensionHandshake | undefined {
    return this.#conversations.get(peer)?.handshake;
  }

  /** The metadata is known: from now on it is given, no longer asked for. */
  complete(infoBytes: Uint8Array): void {
    this.#infoBytes = infoBytes;
    for (const conversation of this.#conversations.values()) this.#stopFetch(conversation);
  }

  #introduced(peer: Peer, conversation: Conversation, payload: Uint8Array): ExtensionHandshake | undefined {
    const handshake = parseExtensionHandshake(payload) ?? undefined;
    conversation.handshake = handshake;
    if (handshake?.listenPort !== undefined && !peer.isOutgoing) {
      peer.listenAddress = { host: peer.address.host, port: handshake.listenPort };
    }
    this.#askNext();
    return handshake;
  }

  #askNext(): void {
    if (this.#infoBytes !== undefined) return;
    let fetching = [...this.#conversations.values()].filter((other) => other.fetch !== undefined).length;
    for (const [peer, conversation] of this.#conversations) {
      if (fetching >= MAX_PARALLEL_FETCHES) return;
      if (this.#startFetch(peer, conversation)) fetching += 1;
    }
  }

  /** Returns false for a peer that offers nothing, or is being asked already. */
  #startFetch(peer: Peer, conversation: Conversation): boolean {
    const { utMetadataId, metadataSizeBytes } = conversation.handshake ?? {};
    if (conversation.fetch !== undefined || conversation.isHopeless) return false;
    if (utMetadataId === undefined || metadataSizeBytes === undefined) return false;
    const assembler = MetadataAssembler.create(metadataSizeBytes);
    if (assembler === null) return false;
    conversation.fetch = { assembler, nextPiece: 0, patience: this.#waitFor(peer, conversation) };
    for (let open = 0; open < MAX_OPEN_REQUESTS; open += 1) this.#request(peer, utMetadataId, conversation.fetch);
    return true;
  }

  #request(peer: Peer, utMetadataId: number, fetch: Fetch): void {
    if (fetch.nextPiece >= fetch.assembler.pieceCount) return;
    peer.wire.extended(utMetadataId, encodeMetadataRequest(fetch.nextPiece));
    fetch.nextPiece += 1;
  }

  /** A peer that keeps us waiting goes to the end of the queue: it may only be slow. */
  #waitFor(peer: Peer, conversation: Conversation): Disposable {
    return this.#options.clock.setTimer(PATIENCE_MS, () => {
      this.#stopFetch(conversation);
      this.#conversations.delete(peer);
      this.#conversations.set(peer, conversation);
      this.#askNext();
    });
  }

  #stopFetch(conversation: Conversation): void {
    conversation.fetch?.patience[Symbol.dispose]();
    conversation.fetch = undefined;
  }

  #message(peer: Peer, conversation: Conversation, payload: Uint8Array): void {
    const message = parseMetadataMessage(payload);
    const id = conversation.handshake?.utMetadataId;
    if (message === null || id === undefined) return;
    switch (message.kind) {
      case "request":
        return peer.wire.extended(id, this.#answer(peer, message.piece));
      case "reject":
        return this.#giveUp(conversation);
      case "data":
        return this.#received(peer, conversation, message);
    }
  }

  #answer(peer: Peer, piece: number): Uint8Array {
    const isTooMuch = peer.wire.queuedBytes > MAX_QUEUED_ANSWER_BYTES;
    return this.#infoBytes === undefined || isTooMuch
      ? encodeMetadataReject(piece)
      : encodeMetadataAnswer(this.#infoBytes, piece);
  }

  #received(peer: Peer, conversation: Conversation, message: MetadataPiece): void {
    const { fetch, handshake } = conversation;
    if (fetch === undefined || handshake?.utMetadataId === undefined) return;
    const outcome = fetch.assembler.add(message);
    if (outcome === "invalid") return this.#giveUp(conversation);
    if (outcome === "duplicate") return;
    if (fetch.assembler.isComplete) return this.#finished(peer, conversation, fetch.assembler.bytes());
    fetch.patience[Symbol.dispose]();
    fetch.patience = this.#waitFor(peer, conversation);
    this.#request(peer, handshake.utMetadataId, fetch);
  }

  #finished(peer: Peer, conversation: Conversation, bytes: Uint8Array): void {
    if (createHash("sha1").update(bytes).digest("hex") !== this.#options.infoHash) {
      this.#giveUp(conversation);
      return this.#options.lied(peer);
    }
    this.complete(bytes);
    this.#options.found(bytes);
  }

  /** Nothing more from this peer; the next one is asked. */
  #giveUp(conversation: Conversation): void {
    conversation.isHopeless = true;
    this.#stopFetch(conversation);
    this.#askNext();
  }
}

import { createHash } from "node:crypto";
import {
  EXTENSION_HANDSHAKE_ID,
  type ExtensionHandshake,
  encodeExtensionHandshake,
  encodeMetadataAnswer,
  encodeMetadataReject,
  encodeMetadataRequest,
  MetadataAssembler,
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

export interface MetadataExchangeOptions {
  readonly infoHash: string;
  readonly infoBytes: Uint8Array | undefined;
  readonly listenPort: number;
  /** The info dictionary is there and its hash is right. Once. */
  readonly found: (infoBytes: Uint8Array) => void;
  /** What this peer sent has another hash. */
  readonly lied: (peer: Peer) => void;
}

interface Conversation {
  handshake: ExtensionHandshake | undefined;
  assembler: MetadataAssembler | undefined;
}

/** Extension handshakes (BEP 10) and the metadata of a magnet (BEP 9), asked of several peers and given to all. */
export class MetadataExchange {
  readonly #options: MetadataExchangeOptions;
  readonly #conversations = new Map<Peer, Conversation>();
  #infoBytes: Uint8Array | undefined;

  constructor(options: MetadataExchangeOptions) {
    this.#options = options;
    this.#infoBytes = options.infoBytes;
  }

  /** A peer with a finished handshake: introduces us. */
  join(peer: Peer): void {
    if (peer.remote?.supportsExtensions !== true) return;
    this.#conversations.set(peer, { handshake: undefined, assembler: undefined });
    peer.wire.extended(
      EXTENSION_HANDSHAKE_ID,
      encodeExtensionHandshake({
        client: CLIENT_NAME,
        requestQueueDepth: REQUEST_QUEUE_DEPTH,
        metadataSizeBytes: this.#infoBytes?.length,
        listenPort: this.#options.listenPort,
      }),
    );
  }

  leave(peer: Peer): void {
    this.#conversations.delete(peer);
    this.#fetch();
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
    for (const conversation of this.#conversations.values()) conversation.assembler = undefined;
  }

  #introduced(peer: Peer, conversation: Conversation, payload: Uint8Array): ExtensionHandshake | undefined {
    const handshake = parseExtensionHandshake(payload) ?? undefined;
    conversation.handshake = handshake;
    if (handshake?.listenPort !== undefined && !peer.isOutgoing) {
      peer.listenAddress = { host: peer.address.host, port: handshake.listenPort };
    }
    this.#fetch();
    return handshake;
  }

  /** Asks the next peers that offer the metadata, all their pieces at once: it is small. */
  #fetch(): void {
    if (this.#infoBytes !== undefined) return;
    let fetching = [...this.#conversations.values()].filter((other) => other.assembler !== undefined).length;
    for (const [peer, conversation] of this.#conversations) {
      if (fetching >= MAX_PARALLEL_FETCHES) return;
      const { utMetadataId, metadataSizeBytes } = conversation.handshake ?? {};
      if (conversation.assembler !== undefined || utMetadataId === undefined || metadataSizeBytes === undefined)
        continue;
      const assembler = MetadataAssembler.create(metadataSizeBytes);
      if (assembler === null) continue;
      conversation.assembler = assembler;
      fetching += 1;
      for (const piece of assembler.missingPieces()) peer.wire.extended(utMetadataId, encodeMetadataRequest(piece));
    }
  }

  #message(peer: Peer, conversation: Conversation, payload: Uint8Array): void {
    const message = parseMetadataMessage(payload);
    const id = conversation.handshake?.utMetadataId;
    if (message === null || id === undefined) return;
    if (message.kind === "request") {
      const answer =
        this.#infoBytes === undefined
          ? encodeMetadataReject(message.piece)
          : encodeMetadataAnswer(this.#infoBytes, message.piece);
      peer.wire.extended(id, answer);
      return;
    }
    const { assembler } = conversation;
    if (assembler === undefined) return;
    if (message.kind === "reject" || assembler.add(message) === "invalid") return this.#giveUp(conversation);
    if (!assembler.isComplete) return;
    const bytes = assembler.bytes();
    if (createHash("sha1").update(bytes).digest("hex") !== this.#options.infoHash) {
      this.#giveUp(conversation);
      return this.#options.lied(peer);
    }
    this.complete(bytes);
    this.#options.found(bytes);
  }

  /** Nothing more from this peer; the next one is asked. */
  #giveUp(conversation: Conversation): void {
    conversation.assembler = undefined;
    if (conversation.handshake !== undefined) {
      conversation.handshake = { ...conversation.handshake, metadataSizeBytes: undefined };
    }
    this.#fetch();
  }
}

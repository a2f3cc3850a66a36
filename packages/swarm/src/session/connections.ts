import type { Clock } from "@riptide/core";
import type { PeerAddress } from "../types.ts";
import { connectWire, type Wire } from "../wire/index.ts";
import { AddressBook, type AddressOrigin } from "./address-book.ts";
import { Peer, type PeerListener } from "./peer.ts";

/** Connections of one torrent. More peers cost memory and work and bring a stream nothing. */
export const MAX_PEERS_PER_TORRENT = 60;
/** Dials under way at once: dead addresses take 5 s each, and a burst of SYNs makes home routers drop some. */
const MAX_DIALS_PER_TORRENT = 20;
/** How soon after an event the next dials go out; also the rhythm of retries. */
const DIAL_TICK_MS = 250;

/** A peer that sent this much sent more than handshakes and bitfields. */
const USEFUL_BYTES = 64 * 1024;

export interface ConnectionsOptions {
  readonly infoHash: string;
  /** 20 bytes, ours. */
  readonly peerId: Uint8Array;
  readonly clock: Clock;
  /** Told about every peer whose handshake is done, everything it says, and its end. */
  readonly listener: PeerListener;
  /** Draws from the connections that all torrents share; false = none left. */
  readonly mayOpen: () => boolean;
}

/** The connections of one torrent: dials due addresses, takes incoming ones, closes duplicates, ourselves and liars. */
export class Connections {
  readonly book = new AddressBook();
  readonly #options: ConnectionsOptions;
  readonly #dialling = new Map<Peer, PeerAddress>();
  readonly #peers = new Map<number, Peer>();
  #lastKey = 0;
  #timer: Disposable | undefined;
  #isClosed = false;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#dialDue();
  }

  /** Peers with a finished handshake, by key. */
  get peers(): ReadonlyMap<number, Peer> {
    return this.#peers;
  }

  learn(addresses: readonly PeerAddress[], origin: AddressOrigin): void {
    const nowMs = this.#options.clock.nowMs();
    let isNew = false;
    for (const address of addresses) isNew = this.book.add(address, origin, nowMs) || isNew;
    if (isNew) this.#dialDue();
  }

  /** Takes an incoming connection; undefined = refused (too many, banned, closed). */
  accept(wire: Wire): Peer | undefined {
    const { remoteAddress } = wire;
    if (this.#isClosed || this.book.isBanned(remoteAddress.host) || !this.#hasRoom()) return undefined;
    const peer = this.#createPeer(remoteAddress, false);
    peer.bind(wire);
    return peer;
  }

  /** Closes every connection to the host, and refuses it from now on. */
  ban(host: string, reason: string): void {
    this.book.ban(host);
    for (const peer of [...this.#peers.values(), ...this.#dialling.keys()]) {
      if (peer.address.host === host) peer.wire.close(`banned: ${reason}`);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.[Symbol.dispose]();
    for (const peer of [...this.#dialling.keys(), ...this.#peers.values()]) peer.wire.close("the torrent is closed");
  }

  #hasRoom(): boolean {
    return this.#peers.size + this.#dialling.size < MAX_PEERS_PER_TORRENT && this.#options.mayOpen();
  }

  #dialDue(): void {
    this.#timer?.[Symbol.dispose]();
    if (this.#isClosed) return;
    const nowMs = this.#options.clock.nowMs();
    const free = Math.min(
      MAX_DIALS_PER_TORRENT - this.#dialling.size,
      MAX_PEERS_PER_TORRENT - this.#dialling.size - this.#peers.size,
    );
    if (free > 0 && this.#options.mayOpen()) {
      for (const attempt of this.book.takeDue(nowMs, free)) this.#dial(attempt.address, attempt.mode);
    }
    this.#timer = this.#options.clock.setTimer(DIAL_TICK_MS, () => this.#dialDue());
  }

  #dial(address: PeerAddress, mode: "plaintext" | "encrypted"): void {
    const peer = this.#createPeer(address, true);
    this.#dialling.set(peer, address);
    const { infoHash, peerId } = this.#options;
    peer.bind(connectWire({ address, mode, infoHash, peerId, handler: peer }));
  }

  #createPeer(address: PeerAddress, isOutgoing: boolean): Peer {
    this.#lastKey += 1;
    return new Peer({
      key: this.#lastKey,
      address,
      isOutgoing,
      listener: {
        peerHandshook: (peer) => this.#handshook(peer),
        peerExtended: (peer, id, payload) => {
          if (this.#peers.has(peer.key)) this.#options.listener.peerExtended(peer, id, payload);
        },
        peerClosed: (peer, reason) => this.#closed(peer, reason),
      },
    });
  }

  #handshook(peer: Peer): void {
    this.#dialling.delete(peer);
    const remoteId = peer.remote?.peerId;
    if (remoteId === undefined || sameBytes(remoteId, this.#options.peerId)) {
      if (peer.isOutgoing) this.book.excludeOwn(peer.address);
      return peer.wire.close("connected to ourselves");
    }
    for (const other of this.#peers.values()) {
      if (other.remote !== undefined && sameBytes(other.remote.peerId, remoteId)) {
        return peer.wire.close("connected twice");
      }
    }
    if (peer.isOutgoing) this.book.succeeded(peer.address);
    this.#peers.set(peer.key, peer);
    this.#options.listener.peerHandshook(peer);
  }

  #closed(peer: Peer, reason: string): void {
    this.#dialling.delete(peer);
    const wasPeer = this.#peers.delete(peer.key);
    if (peer.isOutgoing) {
      const { wire } = peer;
      this.book.ended(
        peer.address,
        {
          wasUseful: wire.receivedBytes >= USEFUL_BYTES,
          wasRefusedSilently: peer.remote === undefined && wire.didSendBytes && wire.receivedBytes === 0,
        },
        this.#options.clock.nowMs(),
      );
    }
    if (wasPeer) this.#options.listener.peerClosed(peer, reason);
    if (!this.#isClosed) this.#dialDue();
  }
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

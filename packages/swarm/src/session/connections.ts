import type { Clock } from "@riptide/core";
import type { Network } from "../network/network.ts";
import type { PeerAddress } from "../types.ts";
import type { Utp } from "../utp/index.ts";
import { connectWire, HANDSHAKE_BYTES, SENDS_KEEP_ALIVES, type Wire } from "../wire/index.ts";
import { AddressBook, type AddressOrigin } from "./address-book.ts";
import type { ConnectionBudget, Need, Tenant } from "./connection-budget.ts";
import { Peer, type PeerListener, SENDS_UNREQUESTED } from "./peer.ts";

/** Connections of one torrent that come by themselves: strangers must not take the places of peers that we look for. */
const MAX_INCOMING_PEERS = 40;
/** The rhythm of retries; new addresses are dialled at once. Nobody waits for those of an idle torrent. */
const TICK_MS = 250;
const IDLE_TICK_MS = 1_000;
/** BEP 3: peers "generally" send a keep-alive every two minutes, and close what is silent for longer. */
const KEEP_ALIVE_MS = 100_000;
/**
 * Bytes that may wait for a peer to take them: a run of blocks, some metadata and the HAVEs of half a million pieces
 * together are less. Who lets more pile up asks without reading, and costs memory only.
 */
export const MAX_QUEUED_BYTES = 8 * 1024 * 1024;
/** A peer that sent this much sent more than handshakes and bitfields. */
const USEFUL_BYTES = 64 * 1024;
/** Who sends much of nothing must not be dialled anew twice a second for its pains. */
const FLOODS: readonly string[] = [SENDS_UNREQUESTED, SENDS_KEEP_ALIVES];
/** Two connections that were made within this time are two peers that dialled each other at once. */
const SIMULTANEOUS_MS = 2_000;
const CONNECTED_TWICE = "connected twice";
const GIVES_WAY = "makes room for a torrent that is needed more";
/** Who is near has answered by then, and who is busy has read our handshake by itself: what follows does not come in one read with it. */
const FIRST_WORDS_AFTER_MS = 10;
/** aria2 hangs up, a second later, on whoever says more than the handshake before it has read that. It says who it is (BEP 20: A2-1-37-0-). */
const ARIA2_ID = Buffer.from("A2-");
const MUST_ANSWER_FIRST = "is dialled anew, as it has to answer before we say more";

export interface ConnectionsOptions {
  readonly infoHash: string;
  /** 20 bytes, ours. */
  readonly peerId: Uint8Array;
  readonly clock: Clock;
  readonly network: Network;
  /** For addresses that TCP does not reach; undefined: there is none. */
  readonly utp?: Utp | undefined;
  /** Told about every peer whose handshake is done, everything it says, and its end. */
  readonly listener: PeerListener;
  /** What all torrents share. */
  readonly budget: ConnectionBudget;
  readonly need: () => Need;
  /** A peer that we dialled has had our handshake for a moment and not answered yet: it may be told something first. */
  readonly greeted?: (peer: Peer) => void;
}

/** The connections of one torrent: dials due addresses, takes incoming ones, closes duplicates, ourselves and liars. */
export class Connections implements Tenant {
  readonly book = new AddressBook();
  readonly #options: ConnectionsOptions;
  readonly #dialling = new Set<Peer>();
  readonly #greetings = new Map<Peer, Disposable>();
  readonly #peers = new Map<number, Peer>();
  #lastKey = 0;
  #timer: Disposable | undefined;
  #keepAliveAtMs: number;
  #isClosed = false;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#keepAliveAtMs = options.clock.nowMs() + KEEP_ALIVE_MS;
    options.budget.enter(this);
    this.#schedule();
  }

  /** Peers with a finished handshake, by key. */
  get peers(): ReadonlyMap<number, Peer> {
    return this.#peers;
  }

  /** Those that may be told something before they answer our handshake. */
  *greeted(): Iterable<Peer> {
    for (const peer of this.#dialling) if (peer.isGreeted) yield peer;
  }

  /** Connections, those that are being made included. */
  get size(): number {
    return this.#peers.size + this.#dialling.size;
  }

  get dials(): number {
    let count = 0;
    for (const { isConnected } of this.#dialling) if (!isConnected) count += 1;
    return count;
  }

  get need(): Need {
    return this.#options.need();
  }

  longestIdle(): ReturnType<Tenant["longestIdle"]> {
    let longest: Peer | undefined;
    for (const peer of [...this.#dialling, ...this.#peers.values()]) {
      if (longest === undefined || peer.usedAtMs < longest.usedAtMs) longest = peer;
    }
    return longest && { sinceMs: longest.usedAtMs, giveWay: () => longest.wire.close(GIVES_WAY) };
  }

  learn(addresses: readonly PeerAddress[], origin: AddressOrigin): void {
    const nowMs = this.#options.clock.nowMs();
    let isNew = false;
    for (const address of addresses) isNew = this.book.add(address, origin, nowMs) || isNew;
    if (isNew) this.dialDue();
  }

  /** Takes an incoming connection; undefined = refused (too many, banned, closed). */
  accept(wire: Wire): Peer | undefined {
    const { remoteAddress } = wire;
    if (this.#isClosed || this.book.isBanned(remoteAddress.host) || !this.#mayAccept()) return undefined;
    this.#options.budget.makeRoomFor(this);
    const peer = this.#createPeer(remoteAddress, false);
    peer.bind(wire);
    return peer;
  }

  /** Dials whoever can be dialled by now. Happens by itself; call it when the need has grown. */
  dialDue(): void {
    const { budget, clock, infoHash, peerId, network, utp } = this.#options;
    const free = this.#isClosed ? 0 : budget.freeDials(this);
    if (free === 0) return;
    for (const { address, mode, transport, takesFirstWords } of this.book.takeDue(clock.nowMs(), free)) {
      budget.makeRoomFor(this);
      const peer = this.#createPeer(address, true, takesFirstWords);
      this.#dialling.add(peer);
      const other = transport === "utp" ? utp : undefined;
      peer.bind(connectWire({ network, utp: other, address, mode, infoHash, peerId, handler: peer }));
    }
  }

  /** Closes every connection to the host, and refuses it from now on. */
  ban(host: string, reason: string): void {
    this.book.ban(host);
    for (const peer of [...this.#peers.values(), ...this.#dialling]) {
      if (peer.address.host === host) peer.wire.close(`banned: ${reason}`);
    }
  }

  /** Forgets, and disconnects from, everybody but those that the user named. */
  forgetFound(reason: string): void {
    this.book.forgetFound();
    for (const peer of [...this.#peers.values(), ...this.#dialling]) {
      if (!this.book.isGiven(peer.address)) peer.wire.close(reason);
    }
  }

  /** Closes every connection, also those under way, and makes no more. */
  close(): void {
    this.#isClosed = true;
    this.#options.budget.leave(this);
    this.#timer?.[Symbol.dispose]();
    for (const peer of [...this.#dialling, ...this.#peers.values()]) peer.wire.close("the torrent is closed");
  }

  #mayAccept(): boolean {
    const incoming = [...this.#peers.values()].filter((peer) => !peer.isOutgoing).length;
    return incoming < MAX_INCOMING_PEERS && this.#options.budget.mayAccept(this);
  }

  #schedule(): void {
    const delayMs = this.need === "idle" ? IDLE_TICK_MS : TICK_MS;
    this.#timer = this.#options.clock.setTimer(delayMs, () => {
      this.#schedule();
      this.#closeFlooded();
      this.#keepAlive();
      this.dialDue();
    });
  }

  #closeFlooded(): void {
    for (const peer of this.#peers.values()) {
      if (peer.wire.queuedBytes > MAX_QUEUED_BYTES) peer.wire.close("asks for more than it takes");
    }
  }

  #keepAlive(): void {
    const nowMs = this.#options.clock.nowMs();
    if (nowMs < this.#keepAliveAtMs) return;
    this.#keepAliveAtMs = nowMs + KEEP_ALIVE_MS;
    for (const peer of this.#peers.values()) peer.wire.keepAlive();
  }

  #createPeer(address: PeerAddress, isOutgoing: boolean, takesFirstWords = false): Peer {
    this.#lastKey += 1;
    const { listener, clock } = this.#options;
    return new Peer({
      key: this.#lastKey,
      address,
      isOutgoing,
      nowMs: clock.nowMs(),
      listener: {
        peerConnected: (peer) => {
          if (takesFirstWords) this.#greet(peer);
          this.dialDue();
        },
        peerHandshook: (peer) => this.#handshook(peer),
        // A peer that was refused in its handshake may still have said more in the same breath.
        peerExtended: (peer, id, payload) => {
          if (this.#peers.has(peer.key)) listener.peerExtended(peer, id, payload);
        },
        peerToldDhtPort: (peer, port) => {
          if (this.#peers.has(peer.key)) listener.peerToldDhtPort(peer, port);
        },
        peerClosed: (peer, reason) => this.#closed(peer, reason),
      },
    });
  }

  #greet(peer: Peer): void {
    const { clock, greeted } = this.#options;
    const greeting = clock.setTimer(FIRST_WORDS_AFTER_MS, () => {
      peer.isGreeted = true;
      greeted?.(peer);
    });
    this.#greetings.set(peer, greeting);
  }

  /** It has answered, or never will. */
  #dialled(peer: Peer): void {
    this.#dialling.delete(peer);
    this.#greetings.get(peer)?.[Symbol.dispose]();
    this.#greetings.delete(peer);
  }

  #handshook(peer: Peer): void {
    this.#dialled(peer);
    const remoteId = peer.remote?.peerId;
    if (remoteId === undefined || sameBytes(remoteId, this.#options.peerId)) {
      if (peer.isOutgoing) this.book.excludeOwn(peer.address);
      return peer.wire.close("connected to ourselves");
    }
    if (peer.isOutgoing) this.book.succeeded(peer.address);
    const mindsFirstWords = sameBytes(remoteId.subarray(0, ARIA2_ID.length), ARIA2_ID);
    if (peer.didSpeakFirst && mindsFirstWords) return peer.wire.close(MUST_ANSWER_FIRST);
    const other = this.#peerWithId(remoteId);
    if (other !== undefined) {
      const loser = this.#isKept(other, peer, remoteId) ? peer : other;
      loser.wire.close(CONNECTED_TWICE);
      if (loser === peer) return;
    }
    peer.connectedAtMs = this.#options.clock.nowMs();
    peer.usedAtMs = peer.connectedAtMs;
    this.#peers.set(peer.key, peer);
    this.#options.listener.peerHandshook(peer);
  }

  #peerWithId(id: Uint8Array): Peer | undefined {
    for (const peer of this.#peers.values()) {
      if (peer.remote !== undefined && sameBytes(peer.remote.peerId, id)) return peer;
    }
    return undefined;
  }

  /**
   * Two that dial each other at the same time must both keep the same connection, or they close both: the one that the
   * larger peer id dialled. Otherwise the first one stays: it works already, and nobody ends it by using another's id.
   */
  #isKept(first: Peer, second: Peer, remoteId: Uint8Array): boolean {
    const isCrossed = first.isOutgoing !== second.isOutgoing && first.address.host === second.address.host;
    if (!isCrossed || this.#options.clock.nowMs() - first.connectedAtMs > SIMULTANEOUS_MS) return true;
    const isOursLarger = Buffer.compare(this.#options.peerId, remoteId) > 0;
    return first.isOutgoing === isOursLarger;
  }

  #closed(peer: Peer, reason: string): void {
    this.#dialled(peer);
    const wasPeer = this.#peers.delete(peer.key);
    if (peer.isOutgoing) {
      const { wire } = peer;
      const wasOurChoice = reason === CONNECTED_TWICE || reason === GIVES_WAY;
      const wasSilent = !wasOurChoice && peer.remote === undefined && wire.receivedBytes === 0;
      const saidLittle = wire.receivedBytes <= HANDSHAKE_BYTES;
      this.book.ended(
        peer.address,
        {
          wasUseful: wire.receivedBytes >= USEFUL_BYTES && !FLOODS.includes(reason),
          wasRefusedSilently: wasSilent && wire.didSendBytes,
          mayTryUtp: wasSilent && this.#options.utp?.reaches(peer.address) === true,
          wasOurChoice,
          didMindFirstWords: peer.didSpeakFirst && !wasOurChoice && (reason === MUST_ANSWER_FIRST || saidLittle),
        },
        this.#options.clock.nowMs(),
      );
    }
    if (wasPeer) this.#options.listener.peerClosed(peer, reason);
    this.dialDue();
  }
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

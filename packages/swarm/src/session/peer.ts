import { bitsBeyond, setBitsOf } from "../bits.ts";
import { MAX_UNREQUESTED_BYTES } from "../download/index.ts";
import type { BlockRequest, PeerAddress } from "../types.ts";
import type { BlockTarget, RemoteHandshake, Wire, WireHandler } from "../wire/index.ts";

/** What a peer was told that we have while that is not known, and what is left to tell it later: nothing. */
const NOTHING = new Uint8Array(0);
/** What fits into the first flight of a connection (RFC 6928: ten segments), with the handshake, and costs little if it is for nobody. */
const MAX_FIRST_BITFIELD_BYTES = 8 * 1024;
/** HAVEs kept from a peer while the piece count is not known; a peer that sends more loses the surplus. */
const MAX_EARLY_HAVES = 65_536;

export const SENDS_UNREQUESTED = "sends blocks that nobody asked for";

/** Whoever minds the connection itself: the torrent's list of connections. */
export interface PeerListener {
  /** Its address takes the connection that we dialled. */
  peerConnected?(peer: Peer): void;
  peerHandshook(peer: Peer): void;
  peerExtended(peer: Peer, extensionId: number, payload: Uint8Array): void;
  /** It runs a DHT node on this UDP port (BEP 5). Once for each peer: more could make us ping ports for somebody. */
  peerToldDhtPort(peer: Peer, port: number): void;
  peerClosed(peer: Peer, reason: string): void;
}

/** Whoever moves pieces; there once the metadata is known. */
export interface PeerTransfer {
  choked(peer: Peer): void;
  unchoked(peer: Peer): void;
  interestChanged(peer: Peer): void;
  have(peer: Peer, piece: number): void;
  bitfield(peer: Peer, bits: Uint8Array): void;
  haveAll(peer: Peer): void;
  haveNone(peer: Peer): void;
  requested(peer: Peer, block: BlockRequest): void;
  requestCancelled(peer: Peer, block: BlockRequest): void;
  rejected(peer: Peer, block: BlockRequest): void;
  blockTarget(peer: Peer, block: BlockRequest): BlockTarget | null;
  blockArrived(peer: Peer, block: BlockRequest, stored: boolean): void;
  readEnded(peer: Peer): void;
}

export interface PeerOptions {
  readonly key: number;
  readonly address: PeerAddress;
  readonly isOutgoing: boolean;
  readonly nowMs: number;
  readonly listener: PeerListener;
}

/** One connection: its protocol state (BEP 3), and where its messages go. */
export class Peer implements WireHandler {
  readonly key: number;
  /** Where we dialled; for incoming connections the address they came from (not where they listen). */
  readonly address: PeerAddress;
  readonly isOutgoing: boolean;
  /** Where it listens, if known: the dialled address, or the port of its extension handshake. */
  listenAddress: PeerAddress | undefined;
  remote: RemoteHandshake | undefined;
  /** Its address has taken the connection. */
  isConnected = false;
  /** It has had our handshake for a moment, and may be told something before it answers. */
  isGreeted = false;
  /** It was told something before it had answered. */
  didSpeakFirst = false;
  /** When its handshake was done. */
  connectedAtMs = 0;
  /** When it last gave us a block or asked us for one; before that, when it was connected or dialled. */
  usedAtMs: number;
  isChoking = true;
  isInterested = false;
  amChoking = true;
  amInterested = false;
  /** We said that we are interested before it had said what it has. */
  #isHope = false;
  /** The pieces that it was told we have, if it was told: later ones are told one by one. */
  #told: Uint8Array | undefined;
  readonly #listener: PeerListener;
  #wire: Wire | undefined;
  #transfer: PeerTransfer | undefined;
  #earlyPieces: Uint8Array | "all" | "none" | undefined;
  #earlyHaves: number[] = [];
  #earlyBlockBytes = 0;
  #didTellDhtPort = false;

  constructor(options: PeerOptions) {
    this.key = options.key;
    this.usedAtMs = options.nowMs;
    this.address = options.address;
    this.isOutgoing = options.isOutgoing;
    this.listenAddress = options.isOutgoing ? options.address : undefined;
    this.#listener = options.listener;
  }

  get wire(): Wire {
    if (this.#wire === undefined) throw new TypeError("The peer has no connection yet");
    return this.#wire;
  }

  bind(wire: Wire): void {
    this.#wire = wire;
  }

  /** From now on messages about pieces go to `transfer`; those that came too early are told again. */
  attach(transfer: PeerTransfer): void {
    this.#transfer = transfer;
    const pieces = this.#earlyPieces;
    const haves = this.#earlyHaves;
    this.#earlyPieces = undefined;
    this.#earlyHaves = [];
    if (pieces === "all") transfer.haveAll(this);
    else if (pieces === "none") transfer.haveNone(this);
    else if (pieces !== undefined) transfer.bitfield(this, pieces);
    for (const piece of haves) if (!this.wire.isClosed) transfer.have(this, piece);
    if (!this.isChoking && !this.wire.isClosed) transfer.unchoked(this);
    if (this.isInterested && !this.wire.isClosed) transfer.interestChanged(this);
  }

  /**
   * Says that we have nothing, before it is known what there is to have. BEP 6: a fast peer must be told; to others a
   * bitfield is only ever the first message (BEP 3), so for them, too, pieces can only be told one by one from now on.
   */
  announceNothing(): void {
    this.#told = NOTHING;
    if (this.remote?.supportsFast === true) this.wire.haveNone();
  }

  /**
   * Says what we have, and that we want the rest, before it answers our handshake: it can unchoke us a round trip earlier. Whether it knows the
   * fast extension is not known yet; a bitfield may be the first message either way (BEP 3, BEP 6), even one of nothing.
   */
  speakFirst(verified: Uint8Array): void {
    if (verified.length > MAX_FIRST_BITFIELD_BYTES) return;
    this.didSpeakFirst = true;
    this.#told = verified.slice();
    this.wire.bitfield(verified);
    this.hopeForPieces();
  }

  /** Says which pieces we have, or those that have come since it was told. */
  announce(verified: Uint8Array, { isComplete }: { readonly isComplete: boolean }): void {
    const supportsFast = this.remote?.supportsFast === true;
    if (this.#told !== undefined) this.#announceRest(this.#told, verified);
    else if (supportsFast && isComplete) this.wire.haveAll();
    else if (verified.some((byte) => byte !== 0)) this.wire.bitfield(verified);
    else if (supportsFast) this.wire.haveNone();
    this.#told = NOTHING;
  }

  /** Says that we want what it has, before it said what that is: it can unchoke us sooner. `setInterested` says what becomes of it. */
  hopeForPieces(): void {
    this.setInterested(true);
    this.#isHope = true;
  }

  setInterested(interested: boolean): void {
    // Said twice: WebTorrent does not hear what comes in one read with the handshake.
    if (interested === this.amInterested && !this.#isHope) return;
    this.#isHope = false;
    this.amInterested = interested;
    if (interested) this.wire.interested();
    else this.wire.notInterested();
  }

  setChoking(choking: boolean): void {
    if (choking === this.amChoking) return;
    this.amChoking = choking;
    if (choking) this.wire.choke();
    else this.wire.unchoke();
  }

  onConnect(): void {
    this.isConnected = true;
    this.#listener.peerConnected?.(this);
  }

  onHandshake(remote: RemoteHandshake): void {
    this.remote = remote;
    this.#listener.peerHandshook(this);
  }

  onChoke(): void {
    this.isChoking = true;
    this.#transfer?.choked(this);
  }

  onUnchoke(): void {
    this.isChoking = false;
    this.#transfer?.unchoked(this);
  }

  onInterested(): void {
    this.isInterested = true;
    this.#transfer?.interestChanged(this);
  }

  onNotInterested(): void {
    this.isInterested = false;
    this.#transfer?.interestChanged(this);
  }

  onHave(piece: number): void {
    if (this.#transfer !== undefined) this.#transfer.have(this, piece);
    else if (this.#earlyHaves.length < MAX_EARLY_HAVES) this.#earlyHaves.push(piece);
  }

  onBitfield(bits: Uint8Array): void {
    if (this.#transfer === undefined) this.#earlyPieces = bits;
    else this.#transfer.bitfield(this, bits);
  }

  onHaveAll(): void {
    if (this.#transfer === undefined) this.#earlyPieces = "all";
    else this.#transfer.haveAll(this);
  }

  onHaveNone(): void {
    if (this.#transfer === undefined) this.#earlyPieces = "none";
    else this.#transfer.haveNone(this);
  }

  onRequest(block: BlockRequest): void {
    if (this.#transfer !== undefined) this.#transfer.requested(this, block);
    else if (this.remote?.supportsFast === true) this.wire.reject(block);
  }

  onCancel(block: BlockRequest): void {
    this.#transfer?.requestCancelled(this, block);
  }

  onReject(block: BlockRequest): void {
    this.#transfer?.rejected(this, block);
  }

  onExtended(extensionId: number, payload: Uint8Array): void {
    this.#listener.peerExtended(this, extensionId, payload);
  }

  onPort(port: number): void {
    if (this.#didTellDhtPort) return;
    this.#didTellDhtPort = true;
    this.#listener.peerToldDhtPort(this, port);
  }

  blockTarget(block: BlockRequest): BlockTarget | null {
    return this.#transfer?.blockTarget(this, block) ?? null;
  }

  onBlock(block: BlockRequest, stored: boolean): void {
    if (this.#transfer !== undefined) return this.#transfer.blockArrived(this, block, stored);
    // Nothing was asked for yet.
    this.#earlyBlockBytes += block.length;
    if (this.#earlyBlockBytes > MAX_UNREQUESTED_BYTES) this.wire.close(SENDS_UNREQUESTED);
  }

  onReadEnd(): void {
    this.#transfer?.readEnded(this);
  }

  onClose(reason: string): void {
    this.#listener.peerClosed(this, reason);
  }

  #announceRest(told: Uint8Array, verified: Uint8Array): void {
    for (const piece of setBitsOf(bitsBeyond(verified, told))) this.wire.have(piece);
  }
}

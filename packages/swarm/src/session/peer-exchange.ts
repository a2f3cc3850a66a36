import type { Clock } from "@riptide/core";
import { peerAddress } from "../metainfo/peer-address.ts";
import type { PeerAddress } from "../types.ts";
import { encodePeerExchange, type PexPeer, parsePeerExchange, UT_PEX_ID } from "../wire/index.ts";
import { addressKey } from "./address-book.ts";
import type { Peer } from "./peer.ts";

/** How often it is looked who is due to be told: a newcomer hears of the others after this. */
const LOOK_MS = 1_000;
/** BEP 11: not "more than once a minute". Some clients close who is early by their clock, so a little later. */
const SEND_MS = 65_000;
/** What comes sooner after a peer's last message is ignored: nobody may fill the address book in one go. */
const RECEIVE_MS = 30_000;
/** BEP 11: "no more than 50 added peers and 50 removed peers should be sent"; the rest waits for the next message. */
const MAX_TOLD_PEERS = 50;

export interface PeerExchangeOptions {
  readonly clock: Clock;
  readonly peers: () => Iterable<Peer>;
  /** The id under which a peer takes ut_pex messages, if it does. */
  readonly pexIdOf: (peer: Peer) => number | undefined;
  readonly found: (addresses: readonly PeerAddress[]) => void;
}

interface Exchange {
  /** What the peer has been told and not told otherwise. */
  readonly told: Map<string, PeerAddress>;
  sendAtMs: number;
  receiveAtMs: number;
}

/** Peers tell each other whom else they know (BEP 11). Closed for private torrents. */
export class PeerExchange {
  readonly #options: PeerExchangeOptions;
  readonly #exchanges = new WeakMap<Peer, Exchange>();
  #timer: Disposable | undefined;
  #isClosed = false;

  constructor(options: PeerExchangeOptions) {
    this.#options = options;
    this.#schedule();
  }

  extended(peer: Peer, extensionId: number, payload: Uint8Array): void {
    if (this.#isClosed || extensionId !== UT_PEX_ID) return;
    const exchange = this.#exchangeWith(peer);
    const nowMs = this.#options.clock.nowMs();
    if (nowMs < exchange.receiveAtMs) return;
    exchange.receiveAtMs = nowMs + RECEIVE_MS;
    const news = parsePeerExchange(payload);
    if (news !== null) this.#options.found(news.added.map((added) => added.address));
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.[Symbol.dispose]();
  }

  #schedule(): void {
    this.#timer = this.#options.clock.setTimer(LOOK_MS, () => {
      this.#schedule();
      this.#tellAll();
    });
  }

  #tellAll(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const peer of this.#options.peers()) {
      const id = this.#options.pexIdOf(peer);
      const exchange = this.#exchangeWith(peer);
      if (id === undefined || nowMs < exchange.sendAtMs) continue;
      if (this.#tell(peer, id, exchange.told)) exchange.sendAtMs = nowMs + SEND_MS;
    }
  }

  /** Returns false if there is nothing to tell. */
  #tell(peer: Peer, id: number, told: Map<string, PeerAddress>): boolean {
    const current = this.#othersThan(peer);
    const added = [...current].filter(([key]) => !told.has(key)).slice(0, MAX_TOLD_PEERS);
    const dropped = [...told].filter(([key]) => !current.has(key)).slice(0, MAX_TOLD_PEERS);
    if (added.length === 0 && dropped.length === 0) return false;
    for (const [key, address] of added) told.set(key, address);
    for (const [key] of dropped) told.delete(key);
    peer.wire.extended(
      id,
      encodePeerExchange({
        added: added.map(([, address]) => describe(address)),
        dropped: dropped.map(([, address]) => address),
      }),
    );
    return true;
  }

  #othersThan(peer: Peer): Map<string, PeerAddress> {
    const others = new Map<string, PeerAddress>();
    for (const { listenAddress } of this.#options.peers()) {
      if (listenAddress === undefined || listenAddress === peer.listenAddress) continue;
      // One with a zone (`fe80::1%eth0`) means nothing to anybody else.
      if (peerAddress(listenAddress.host, listenAddress.port) === undefined) continue;
      others.set(addressKey(listenAddress), listenAddress);
    }
    return others;
  }

  #exchangeWith(peer: Peer): Exchange {
    const known = this.#exchanges.get(peer);
    if (known !== undefined) return known;
    const exchange = { told: new Map(), sendAtMs: 0, receiveAtMs: 0 };
    this.#exchanges.set(peer, exchange);
    return exchange;
  }
}

function describe(address: PeerAddress): PexPeer {
  return { address, prefersEncryption: false, isSeed: false };
}

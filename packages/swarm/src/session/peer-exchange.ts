import type { Clock } from "@riptide/core";
import type { PeerAddress } from "../types.ts";
import { encodePeerExchange, type PexPeer, parsePeerExchange, UT_PEX_ID } from "../wire/index.ts";
import { addressKey } from "./address-book.ts";
import type { Peer } from "./peer.ts";

/** BEP 11: "no more than one message a minute". */
const SEND_MS = 60_000;

export interface PeerExchangeOptions {
  readonly clock: Clock;
  readonly peers: () => Iterable<Peer>;
  /** The id under which a peer takes ut_pex messages, if it does. */
  readonly pexIdOf: (peer: Peer) => number | undefined;
  readonly found: (addresses: readonly PeerAddress[]) => void;
}

/** Peers tell each other whom else they know (BEP 11). Closed for private torrents. */
export class PeerExchange {
  readonly #options: PeerExchangeOptions;
  /** What each peer has been told. */
  readonly #told = new WeakMap<Peer, Map<string, PeerAddress>>();
  #timer: Disposable | undefined;
  #isClosed = false;

  constructor(options: PeerExchangeOptions) {
    this.#options = options;
    this.#schedule();
  }

  extended(extensionId: number, payload: Uint8Array): void {
    if (this.#isClosed || extensionId !== UT_PEX_ID) return;
    const exchange = parsePeerExchange(payload);
    if (exchange !== null) this.#options.found(exchange.added.map((peer) => peer.address));
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.[Symbol.dispose]();
  }

  #schedule(): void {
    this.#timer = this.#options.clock.setTimer(SEND_MS, () => {
      for (const peer of this.#options.peers()) this.#tell(peer);
      this.#schedule();
    });
  }

  #tell(peer: Peer): void {
    const id = this.#options.pexIdOf(peer);
    if (id === undefined) return;
    const current = new Map<string, PeerAddress>();
    for (const other of this.#options.peers()) {
      if (other !== peer && other.listenAddress !== undefined) {
        current.set(addressKey(other.listenAddress), other.listenAddress);
      }
    }
    const before = this.#told.get(peer) ?? new Map<string, PeerAddress>();
    const added = [...current].filter(([key]) => !before.has(key)).map(([, address]) => describe(address));
    const dropped = [...before].filter(([key]) => !current.has(key)).map(([, address]) => address);
    this.#told.set(peer, current);
    if (added.length > 0 || dropped.length > 0) peer.wire.extended(id, encodePeerExchange({ added, dropped }));
  }
}

function describe(address: PeerAddress): PexPeer {
  return { address, prefersEncryption: false, isSeed: false };
}

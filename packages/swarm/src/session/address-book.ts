import { peerAddress } from "../metainfo/peer-address.ts";
import type { PeerAddress } from "../types.ts";
import type { EncryptionMode } from "../wire/index.ts";

/** Addresses remembered for one torrent: PEX and the DHT could otherwise fill the memory of a popular one. */
const MAX_ADDRESSES = 2_000;
/** Bans are kept for the life of the torrent; more than this many liars is an attack on the list itself. */
const MAX_BANNED_HOSTS = 10_000;
/** Addresses that turned out to be our own: one for each interface and port, so a handful. */
const MAX_OWN_ADDRESSES = 64;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 60_000;
/** A peer whose connection we did not need is dialled again after this, in case we do by then. */
const OUR_CHOICE_RETRY_MS = 15_000;
/** After this many failures an address that nobody vouched for is forgotten. */
const MAX_FAILURES = 6;

/** `given`: named by the user (x.pe, --peer), never forgotten. `found`: by a tracker, the DHT, PEX or a past session. */
export type AddressOrigin = "given" | "found";

export interface DialAttempt {
  readonly address: PeerAddress;
  readonly mode: EncryptionMode;
}

/** How a connection ended, as far as the next attempt cares. */
export interface ConnectionEnd {
  /** It gave us something: the next attempt need not wait for long. */
  readonly wasUseful: boolean;
  /** The TCP connection stood, but not a byte of a handshake came back: what a peer that wants encryption does. */
  readonly wasRefusedSilently: boolean;
  /** We closed it since the peer is connected the other way round, or another torrent needs the place: nothing failed. */
  readonly wasOurChoice: boolean;
}

interface Entry {
  readonly address: PeerAddress;
  origin: AddressOrigin;
  mode: EncryptionMode;
  /** The mode that worked, once one did. */
  provenMode: EncryptionMode | undefined;
  didFlip: boolean;
  failures: number;
  isBusy: boolean;
  dueMs: number;
}

/**
 * Who can be dialled, when, and how: plaintext first, the other mode at once when the first is refused in silence,
 * then later and later. Policy only: it opens nothing and reads no clock.
 */
export class AddressBook {
  readonly #entries = new Map<string, Entry>();
  readonly #bannedHosts = new Set<string>();
  readonly #ownAddresses = new Set<string>();

  get size(): number {
    return this.#entries.size;
  }

  /** Returns whether the address is new, however it is spelled. */
  add(spelled: PeerAddress, origin: AddressOrigin, nowMs: number): boolean {
    const address = peerAddress(spelled.host, spelled.port) ?? spelled;
    const key = addressKey(address);
    const known = this.#entries.get(key);
    if (known !== undefined) {
      if (origin === "given") known.origin = origin;
      return false;
    }
    if (address.port < 1 || address.port > 65_535) return false;
    if (this.#bannedHosts.has(address.host) || this.#ownAddresses.has(key)) return false;
    if (this.#entries.size >= MAX_ADDRESSES && !this.#forgetOne()) return false;
    this.#entries.set(key, {
      address,
      origin,
      mode: "plaintext",
      provenMode: undefined,
      didFlip: false,
      failures: 0,
      isBusy: false,
      dueMs: nowMs,
    });
    return true;
  }

  /**
   * Up to `limit` addresses whose time has come, those that failed least first: thousands of dead ones must not keep a new
   * one waiting. Each is busy until `ended` is called for it.
   */
  takeDue(nowMs: number, limit: number): DialAttempt[] {
    const due = [...this.#entries.values()].filter((entry) => !entry.isBusy && entry.dueMs <= nowMs);
    due.sort((left, right) => left.failures - right.failures);
    return due.slice(0, limit).map((entry) => {
      entry.isBusy = true;
      return { address: entry.address, mode: entry.mode };
    });
  }

  /** The handshake of a dialled address succeeded in the mode it was tried in. */
  succeeded(address: PeerAddress): void {
    const entry = this.#entries.get(addressKey(address));
    if (entry === undefined) return;
    entry.provenMode = entry.mode;
  }

  /** A dialled connection is over; decides when and how the address is tried again. */
  ended(address: PeerAddress, end: ConnectionEnd, nowMs: number): void {
    const key = addressKey(address);
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.isBusy = false;
    if (end.wasRefusedSilently && !entry.didFlip && entry.provenMode === undefined) {
      entry.didFlip = true;
      entry.mode = entry.mode === "plaintext" ? "encrypted" : "plaintext";
      entry.dueMs = nowMs;
      return;
    }
    entry.didFlip = false;
    entry.mode = entry.provenMode ?? "plaintext";
    if (end.wasOurChoice) {
      entry.dueMs = nowMs + OUR_CHOICE_RETRY_MS;
      return;
    }
    entry.failures = end.wasUseful ? 1 : entry.failures + 1;
    if (entry.failures > MAX_FAILURES && entry.origin === "found") {
      this.#entries.delete(key);
      return;
    }
    entry.dueMs = nowMs + Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(entry.failures - 1, 16));
  }

  /** Never again: neither dialled nor accepted. */
  ban(host: string): void {
    if (this.#bannedHosts.size < MAX_BANNED_HOSTS) this.#bannedHosts.add(host);
    for (const [key, entry] of this.#entries) if (entry.address.host === host) this.#entries.delete(key);
  }

  /** Keeps only what the user named. */
  forgetFound(): void {
    for (const [key, entry] of this.#entries) if (entry.origin === "found") this.#entries.delete(key);
  }

  isGiven(address: PeerAddress): boolean {
    return this.#entries.get(addressKey(address))?.origin === "given";
  }

  /** The address is our own: forget it, and do not learn it again. */
  excludeOwn(address: PeerAddress): void {
    const key = addressKey(address);
    this.#entries.delete(key);
    if (this.#ownAddresses.size < MAX_OWN_ADDRESSES) this.#ownAddresses.add(key);
  }

  isBanned(host: string): boolean {
    return this.#bannedHosts.has(host);
  }

  get bannedHostCount(): number {
    return this.#bannedHosts.size;
  }

  /** Addresses that answered at least once: worth writing down for the next start. */
  proven(limit: number): PeerAddress[] {
    const proven: PeerAddress[] = [];
    for (const entry of this.#entries.values()) {
      if (proven.length >= limit) break;
      if (entry.provenMode !== undefined) proven.push(entry.address);
    }
    return proven;
  }

  /** Makes room by forgetting the found, idle address that failed most; false if there is none. */
  #forgetOne(): boolean {
    let worst: [string, Entry] | undefined;
    for (const candidate of this.#entries) {
      const [, entry] = candidate;
      if (entry.isBusy || entry.origin === "given" || entry.failures === 0) continue;
      if (worst === undefined || entry.failures > worst[1].failures) worst = candidate;
    }
    return worst !== undefined && this.#entries.delete(worst[0]);
  }
}

/** One spelling for each address. */
export function addressKey(address: PeerAddress): string {
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

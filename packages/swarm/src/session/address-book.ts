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

const FIRST_WAY: Way = { transport: "tcp", mode: "plaintext" };

/** `given`: named by the user (x.pe, --peer), never forgotten. `found`: by a tracker, the DHT, PEX or a past session. */
export type AddressOrigin = "given" | "found";

/** How an address is dialled. */
interface Way {
  readonly transport: "tcp" | "utp";
  readonly mode: EncryptionMode;
}

export interface DialAttempt extends Way {
  readonly address: PeerAddress;
  /** It may be told something before it has answered our handshake. */
  readonly takesFirstWords: boolean;
}

/** How a connection ended, as far as the next attempt cares. */
export interface ConnectionEnd {
  /** It gave us something: the next attempt need not wait for long. */
  readonly wasUseful: boolean;
  /** Not a byte came back, connected or not, and uTP reaches the address. */
  readonly mayTryUtp: boolean;
  /** The connection stood, but not a byte of a handshake came back: what a peer that wants encryption does. */
  readonly wasRefusedSilently: boolean;
  /** We closed it since the peer is connected the other way round, or another torrent needs the place: nothing failed. */
  readonly wasOurChoice: boolean;
  /** It was told something before it had answered our handshake, and hung up with its handshake or without one: this may be why. */
  readonly didMindFirstWords: boolean;
}

interface Entry {
  readonly address: PeerAddress;
  origin: AddressOrigin;
  way: Way;
  /** The one that worked, once one did. */
  provenWay: Way | undefined;
  didFlipMode: boolean;
  takesFirstWords: boolean;
  failures: number;
  isBusy: boolean;
  dueMs: number;
}

/**
 * Who can be dialled, when, and how: over TCP in plaintext first; in the other mode at once if that is refused in silence, and over uTP at
 * once if TCP gets no answer at all; once more at once, and silently, if it may have minded that we spoke first; then later and later. Policy
 * only: it opens nothing and reads no clock.
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
      way: FIRST_WAY,
      provenWay: undefined,
      didFlipMode: false,
      takesFirstWords: true,
      failures: 0,
      isBusy: false,
      dueMs: nowMs,
    });
    return true;
  }

  /**
   * Up to `limit` addresses whose time has come, those that failed least first, and of these those that were not tried over TCP
   * yet: thousands of dead ones must not keep a new one waiting. Each is busy until `ended` is called for it.
   */
  takeDue(nowMs: number, limit: number): DialAttempt[] {
    const due = [...this.#entries.values()].filter((entry) => !entry.isBusy && entry.dueMs <= nowMs);
    due.sort((left, right) => left.failures - right.failures || triedTransports(left) - triedTransports(right));
    return due.slice(0, limit).map((entry) => {
      entry.isBusy = true;
      const { address, way, takesFirstWords } = entry;
      // Encryption is agreed on before anything is said.
      return { address, ...way, takesFirstWords: takesFirstWords && way.mode === "plaintext" };
    });
  }

  /** The handshake of a dialled address succeeded in the way it was tried. */
  succeeded(address: PeerAddress): void {
    const entry = this.#entries.get(addressKey(address));
    if (entry === undefined) return;
    entry.provenWay = entry.way;
  }

  /** A dialled connection is over; decides when and how the address is tried again. */
  ended(address: PeerAddress, end: ConnectionEnd, nowMs: number): void {
    const key = addressKey(address);
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.isBusy = false;
    if (end.didMindFirstWords && entry.takesFirstWords) {
      entry.takesFirstWords = false;
      // Who says nothing at all rather wants encryption.
      if (!end.wasRefusedSilently) {
        entry.dueMs = nowMs;
        return;
      }
    }
    const otherWay = entry.provenWay === undefined ? this.#otherWay(entry, end) : undefined;
    if (otherWay !== undefined) {
      entry.way = otherWay;
      entry.dueMs = nowMs;
      return;
    }
    entry.didFlipMode = false;
    entry.way = entry.provenWay ?? FIRST_WAY;
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
      if (entry.provenWay !== undefined) proven.push(entry.address);
    }
    return proven;
  }

  /** What is worth trying at once, when an address was never reached. */
  #otherWay(entry: Entry, end: ConnectionEnd): Way | undefined {
    const { transport, mode } = entry.way;
    if (end.wasRefusedSilently && !entry.didFlipMode) {
      entry.didFlipMode = true;
      return { transport, mode: mode === "plaintext" ? "encrypted" : "plaintext" };
    }
    // What is closed to TCP, by a router or by choice, is often open to UDP.
    if (!end.mayTryUtp || transport === "utp") return undefined;
    entry.didFlipMode = false;
    return { transport: "utp", mode: "plaintext" };
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

/** How many were tried in vain since the last wait. */
function triedTransports({ way, provenWay }: Entry): number {
  return way.transport === "utp" && provenWay === undefined ? 1 : 0;
}

/** One spelling for each address. */
export function addressKey(address: PeerAddress): string {
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

import { isIPv6 } from "node:net";
import type { Clock } from "@riptide/core";
import { formatPeerAddress, peerAddress } from "../metainfo/peer-address.ts";
import type { PeerAddress } from "../types.ts";
import { encodeLsdMessage, MAX_INFO_HASHES, parseLsdMessage } from "./lsd-message.ts";
import type { Multicast, OpenMulticast } from "./multicast.ts";

/** BEP 14: the two groups and their port. */
const IPV4_GROUP = { address: "239.192.152.143", port: 6_771 };
const IPV6_GROUP = { address: "ff15::efc0:988f", port: 6_771 };

/** What other clients use; BEP 14 names no interval between two announcements of a torrent. */
const ANNOUNCE_INTERVAL_MS = 5 * 60_000;

/**
 * Between two messages. BEP 14 would have one a minute; somebody who just pressed play does not wait that long for the seed in
 * the next room, and a library of a thousand torrents still sends no more than fifty short messages, spread over a minute.
 */
const GAP_MS = 1_000;

/** Messages from others that are read in that time: a flood must not cost more than a look at so many. */
const MAX_HEARD_PER_GAP = 100;

export interface LsdOptions {
  /** Addresses on which peers are taken: their interfaces are searched; all of them for `0.0.0.0` and `::`, each for its family. */
  readonly hosts: readonly string[];
  /** TCP port on which peers are taken. */
  readonly listenPort: number;
  readonly clock: Clock;
  /** Gives [0, 1). */
  readonly random: () => number;
  readonly openMulticast: OpenMulticast;
}

/** Local service discovery (BEP 14): finds peers in the local network without asking anybody outside. */
export interface Lsd {
  /** Announces a torrent, at once and every five minutes, and calls `onPeer` whenever somebody else does, until it is disposed. */
  join(infoHash: string, onPeer: (peer: PeerAddress) => void): Disposable;
  /** Idempotent. */
  close(): Promise<void>;
}

/** Rejects with the system's error if the port can be bound for none of the hosts. */
export async function createLsd(options: LsdOptions): Promise<Lsd> {
  const { openMulticast, hosts } = options;
  let node: LsdNode | undefined;
  const onDatagram = (datagram: Uint8Array, senderHost: string): void => node?.hear(datagram, senderHost);
  const opening = hosts.map(async (host): Promise<Membership> => {
    const group = isIPv6(host) ? IPV6_GROUP : IPV4_GROUP;
    return {
      multicast: await openMulticast({ group, host, onDatagram }),
      groupName: formatPeerAddress({ host: group.address, port: group.port }),
    };
  });
  const opened = await Promise.allSettled(opening);
  const memberships = opened.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const [failed] = opened;
  if (memberships.length === 0 && failed?.status === "rejected") throw failed.reason;
  node = new LsdNode(options, memberships);
  return node;
}

/** One group that we are in. */
interface Membership {
  readonly multicast: Multicast;
  /** As the `Host` line of a message spells it. */
  readonly groupName: string;
}

class LsdNode implements Lsd {
  readonly #options: LsdOptions;
  readonly #memberships: readonly Membership[];
  /** Tells our own messages, which come back, from those of others. */
  readonly #cookie: string;
  readonly #listeners = new Map<string, (peer: PeerAddress) => void>();
  /** To be announced next, the longest due first. */
  readonly #due = new Set<string>();
  /** One for each message that was sent: when its torrents are due again. */
  readonly #repeats = new Set<Disposable>();
  #gap: Disposable | undefined;
  #hearingSinceMs = Number.NEGATIVE_INFINITY;
  #heardMessages = 0;

  constructor(options: LsdOptions, memberships: readonly Membership[]) {
    this.#options = options;
    this.#memberships = memberships;
    this.#cookie = `riptide-${Math.floor(options.random() * 2 ** 48).toString(36)}`;
  }

  join(infoHash: string, onPeer: (peer: PeerAddress) => void): Disposable {
    this.#listeners.set(infoHash, onPeer);
    this.#announceSoon(infoHash);
    return {
      [Symbol.dispose]: () => {
        if (this.#listeners.get(infoHash) !== onPeer) return;
        this.#listeners.delete(infoHash);
        this.#due.delete(infoHash);
      },
    };
  }

  /** A datagram came to the group, from somebody in the local network. */
  hear(datagram: Uint8Array, senderHost: string): void {
    if (this.#isFlooded()) return;
    const message = parseLsdMessage(datagram);
    if (message === undefined || message.cookie === this.#cookie) return;
    const peer = peerAddress(senderHost, message.port);
    if (peer === undefined) return;
    for (const infoHash of message.infoHashes) this.#listeners.get(infoHash)?.(peer);
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    this.#due.clear();
    this.#gap?.[Symbol.dispose]();
    for (const repeat of this.#repeats) repeat[Symbol.dispose]();
    this.#repeats.clear();
    await Promise.all(this.#memberships.map(({ multicast }) => multicast.close()));
  }

  #announceSoon(infoHash: string): void {
    this.#due.add(infoHash);
    this.#gap ??= this.#options.clock.setTimer(0, () => this.#announce());
  }

  /** Sends one message, and comes again after the gap until nothing is due. */
  #announce(): void {
    const { clock, listenPort } = this.#options;
    this.#gap = undefined;
    const infoHashes = [...this.#due].slice(0, MAX_INFO_HASHES);
    if (infoHashes.length === 0) return;
    for (const infoHash of infoHashes) this.#due.delete(infoHash);
    const message = { port: listenPort, infoHashes, cookie: this.#cookie };
    for (const { multicast, groupName } of this.#memberships) multicast.send(encodeLsdMessage(message, groupName));
    this.#repeatLater(infoHashes);
    this.#gap = clock.setTimer(GAP_MS, () => this.#announce());
  }

  #repeatLater(infoHashes: readonly string[]): void {
    const announced = new Map(infoHashes.map((infoHash) => [infoHash, this.#listeners.get(infoHash)]));
    const repeat = this.#options.clock.setTimer(ANNOUNCE_INTERVAL_MS, () => {
      this.#repeats.delete(repeat);
      for (const [infoHash, onPeer] of announced) {
        // One that was left and joined again has been announced again since.
        if (this.#listeners.get(infoHash) === onPeer) this.#announceSoon(infoHash);
      }
    });
    this.#repeats.add(repeat);
  }

  #isFlooded(): boolean {
    const nowMs = this.#options.clock.nowMs();
    if (nowMs - this.#hearingSinceMs >= GAP_MS) {
      this.#hearingSinceMs = nowMs;
      this.#heardMessages = 0;
    }
    this.#heardMessages += 1;
    return this.#heardMessages > MAX_HEARD_PER_GAP;
  }
}

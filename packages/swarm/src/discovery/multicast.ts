import { createSocket, type Socket, type SocketOptions } from "node:dgram";
import { once } from "node:events";
import { BlockList, isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import { prefixLength } from "../network/interface-addresses.ts";

/** More than machines have; a bridge for each of hundreds of containers is not the local network. */
const MAX_INTERFACES = 16;

interface MulticastOptions {
  readonly group: { readonly address: string; readonly port: number };
  /** Address of the interface to use, of the group's family; `0.0.0.0` or `::` for all that lead to other machines. */
  readonly host: string;
  /** What somebody on the same subnet as one of the interfaces sent (with the zone of a link-local sender); only valid during the call. */
  readonly onDatagram: (datagram: Uint8Array, senderHost: string) => void;
}

/** Membership in a multicast group: what is sent goes to all that are in it, to ourselves too. */
export interface Multicast {
  /** Sends to the group through every interface. What cannot be sent is lost, as datagrams are. */
  send(datagram: Uint8Array): void;
  /** Idempotent. */
  close(): Promise<void>;
}

export type OpenMulticast = (options: MulticastOptions) => Promise<Multicast>;

/** Rejects with the system's error if the port cannot be bound. Interfaces may come and go while it is open. */
export const openMulticast: OpenMulticast = async (options) => {
  const { group, onDatagram } = options;
  // Several programs of a machine listen on the one port of the group.
  const receiver = createSocket({ ...socketType(group.address), reuseAddr: true });
  receiver.bind(group.port);
  await once(receiver, "listening");
  const membership = new MulticastMembership(options, receiver);
  receiver.on("message", (datagram, { address }) => {
    if (membership.isLocal(address)) onDatagram(datagram, address);
  });
  return membership;
};

class MulticastMembership implements Multicast {
  readonly #options: MulticastOptions;
  readonly #receiver: Socket;
  /** By the multicast name of their interface. */
  readonly #senders = new Map<string, Socket>();
  #subnets = new BlockList();
  #isClosed = false;

  constructor(options: MulticastOptions, receiver: Socket) {
    this.#options = options;
    this.#receiver = receiver;
    // An interface that goes away takes nothing else with it.
    receiver.on("error", () => undefined);
    this.#followInterfaces();
  }

  /** The port is open to the whole internet where no firewall is: what comes from outside is not for us. */
  isLocal(host: string): boolean {
    const [address = ""] = host.split("%");
    return this.#subnets.check(address, isIPv6(address) ? "ipv6" : "ipv4");
  }

  send(datagram: Uint8Array): void {
    if (this.#isClosed) return;
    this.#followInterfaces();
    const { address, port } = this.#options.group;
    for (const sender of this.#senders.values()) sender.send(datagram, port, address, () => undefined);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const sockets = [this.#receiver, ...this.#senders.values()];
    await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(resolve))));
  }

  #followInterfaces(): void {
    const interfaces = interfacesOf(this.#options.host);
    this.#subnets = new BlockList();
    for (const { address, cidr } of interfaces) {
      this.#subnets.addSubnet(address, prefixLength(cidr, address), isIPv6(address) ? "ipv6" : "ipv4");
    }
    // Of several addresses of one interface, the first counts.
    const byName = new Map(interfaces.toReversed().map((each) => [multicastName(each), bindAddress(each)]));
    for (const [name, sender] of this.#senders) if (!byName.has(name)) this.#leave(name, sender);
    for (const [name, address] of byName) if (!this.#senders.has(name)) this.#join(name, address);
  }

  #join(name: string, address: string): void {
    const sender = createSocket(socketType(address));
    this.#senders.set(name, sender);
    const leave = (): void => this.#leave(name, sender);
    sender.on("error", leave);
    // An interface that came back has its membership still; one that cannot do multicast, or has just gone, is not used.
    attempt(
      () => this.#receiver.addMembership(this.#options.group.address, name),
      () => undefined,
    );
    sender.bind(0, address, () => attempt(() => sender.setMulticastInterface(name), leave));
  }

  #leave(name: string, sender: Socket): void {
    if (this.#senders.get(name) !== sender) return;
    this.#senders.delete(name);
    sender.close();
  }
}

/** The calls on sockets that throw tell of an interface that changed meanwhile. */
function attempt(action: () => void, onFailure: () => void): void {
  try {
    action();
  } catch {
    onFailure();
  }
}

function socketType(address: string): SocketOptions {
  return isIPv6(address) ? { type: "udp6", ipv6Only: true } : { type: "udp4" };
}

interface Interface {
  readonly name: string;
  readonly address: string;
  readonly cidr: string | null;
  readonly scopeid?: number;
}

/** By what the system calls tell interfaces apart: IPv4 by an address, IPv6 by `::%eth0`, or by a number on Windows. */
function multicastName({ name, address, scopeid }: Interface): string {
  if (!isIPv6(address)) return address;
  return `::%${process.platform === "win32" ? scopeid : name}`;
}

/** With the zone without which a link-local address is none (RFC 4007 §6). */
function bindAddress({ name, address, scopeid }: Interface): string {
  return scopeid ? `${address}%${name}` : address;
}

/** Those of the host, or all that lead to other machines; those first that others can dial without a zone. */
function interfacesOf(host: string): Interface[] {
  const isAny = host === "0.0.0.0" || host === "::";
  const family = isIPv6(host) ? "IPv6" : "IPv4";
  return Object.entries(networkInterfaces())
    .flatMap(([name, addresses = []]) => addresses.map((each) => ({ ...each, name })))
    .filter((each) => each.family === family && (isAny ? !each.internal : isOfHost(each.address, host)))
    .map((each) => (isAny ? each : { ...each, address: host }))
    .sort((left, right) => scopeOf(left) - scopeOf(right))
    .slice(0, MAX_INTERFACES);
}

/** Above 0 for link-local addresses. */
function scopeOf({ scopeid = 0 }: { readonly scopeid?: number }): number {
  return Math.min(scopeid, 1);
}

/** All of 127.0.0.0/8 is one interface, which tells of one address only. */
function isOfHost(address: string, host: string): boolean {
  return address === host || (address.startsWith("127.") && host.startsWith("127."));
}

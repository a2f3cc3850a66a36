import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { BlockList } from "node:net";
import { networkInterfaces } from "node:os";

/** More than machines have; a bridge for each of hundreds of containers is not the local network. */
const MAX_INTERFACES = 16;

interface MulticastOptions {
  /** IPv4. */
  readonly group: { readonly address: string; readonly port: number };
  /** IPv4 address of the interface to use; `0.0.0.0` for all that lead to other machines. */
  readonly host: string;
  /** What somebody on the same subnet as one of the interfaces sent; only valid during the call. */
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
  const receiver = createSocket({ type: "udp4", reuseAddr: true });
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
  /** By the address of their interface. */
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
    return this.#subnets.check(host);
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
    for (const { address, cidr } of interfaces) this.#subnets.addSubnet(address, prefixLength(cidr), "ipv4");
    const addresses = new Set(interfaces.map(({ address }) => address));
    for (const [address, sender] of this.#senders) if (!addresses.has(address)) this.#leave(address, sender);
    for (const address of addresses) if (!this.#senders.has(address)) this.#join(address);
  }

  #join(address: string): void {
    const sender = createSocket("udp4");
    this.#senders.set(address, sender);
    const leave = (): void => this.#leave(address, sender);
    sender.on("error", leave);
    // An interface that came back has its membership still; one that cannot do multicast, or has just gone, is not used.
    attempt(
      () => this.#receiver.addMembership(this.#options.group.address, address),
      () => undefined,
    );
    sender.bind(0, address, () => attempt(() => sender.setMulticastInterface(address), leave));
  }

  #leave(address: string, sender: Socket): void {
    if (this.#senders.get(address) !== sender) return;
    this.#senders.delete(address);
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

interface Interface {
  readonly address: string;
  readonly cidr: string | null;
}

/** Those of the host, or all that lead to other machines. */
function interfacesOf(host: string): Interface[] {
  const isAny = host === "0.0.0.0";
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal, address }) => family === "IPv4" && (isAny ? !internal : isOfHost(address, host)))
    .slice(0, MAX_INTERFACES);
}

/** All of 127.0.0.0/8 is one interface. */
function isOfHost(address: string, host: string): boolean {
  return address === host || (address.startsWith("127.") && host.startsWith("127."));
}

function prefixLength(cidr: string | null): number {
  return Number(cidr?.split("/")[1] ?? 32);
}

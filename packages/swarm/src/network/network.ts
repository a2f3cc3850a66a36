import { connect, isIP, Socket, type TcpSocketConnectOpts } from "node:net";
import type { PeerAddress } from "../types.ts";
import { addressesOf, nameOf } from "./interface-addresses.ts";

/** A proxy of RFC 1928, with a name and a password of RFC 1929 if it wants one. */
export interface Socks5Proxy {
  /** A name or an IP literal, without brackets. */
  readonly host: string;
  readonly port: number;
  readonly login: { readonly username: string; readonly password: string } | undefined;
}

/** How the session reaches others. Plain data: it crosses a thread. */
export interface NetworkSettings {
  /** All connections go through it, none around it; names are looked up by it. Undefined: none. */
  readonly proxy?: Socks5Proxy | undefined;
  /** Name or address of the only interface that is used. Undefined: the system chooses. */
  readonly bindInterface?: string | undefined;
}

/** The interface that alone may be used has no such address (any more): there is no other way out. */
export class InterfaceError extends Error {
  override readonly name = "InterfaceError";
}

/**
 * The way out of this machine. Whoever sends anything to a stranger asks here from where, and opens TCP connections with `dial` or `httpRoute`,
 * so that neither the proxy nor the interface is ever gone around.
 */
export class Network {
  readonly proxy: Socks5Proxy | undefined;
  readonly #bindInterface: string | undefined;

  constructor({ proxy, bindInterface }: NetworkSettings) {
    this.proxy = proxy;
    this.#bindInterface = bindInterface;
  }

  /**
   * Where sockets of this family are to be bound; undefined: anywhere. Asked each time, since a tunnel that comes up again may have another
   * address. Throws `InterfaceError` if there is none.
   */
  sourceAddress(family: 4 | 6): string | undefined {
    if (this.#bindInterface === undefined) return undefined;
    const address = addressesOf(this.#bindInterface).find((candidate) => isIP(candidate) === family);
    if (address !== undefined) return address;
    throw new InterfaceError(`${this.#bindInterface} has no IPv${family} address`);
  }

  /** The family to use where both would do: IPv4, unless only the other one has a source. */
  preferredFamily(families: readonly (4 | 6)[]): 4 | 6 {
    const able = families.filter((family) => this.#hasSource(family));
    const family = able.includes(4) ? 4 : able[0];
    if (family !== undefined) return family;
    throw new InterfaceError(`${this.#bindInterface} has no address to reach the other side from`);
  }

  /** The interface that alone may be used, by its name; undefined: the system chooses. */
  get interfaceName(): string | undefined {
    return this.#bindInterface === undefined ? undefined : nameOf(this.#bindInterface);
  }

  /** Whether the system, and not we, choose which interface is used. */
  get isFree(): boolean {
    return this.#bindInterface === undefined;
  }

  /** Where peers are taken, `peerHost` if that is up to us. Throws `InterfaceError` if the interface is not there. */
  listenHosts(peerHost: string): readonly string[] {
    if (this.proxy !== undefined) return [];
    if (this.#bindInterface === undefined) return [peerHost];
    const addresses = addressesOf(this.#bindInterface);
    if (addresses.length === 0) throw new InterfaceError(`There is no interface ${this.#bindInterface}`);
    return addresses;
  }

  /** Starts a TCP connection to the very host, without a proxy. Never throws: what fails is the socket. */
  connectDirectly({ host, port }: PeerAddress, options: Partial<TcpSocketConnectOpts> = {}): Socket {
    try {
      return connect({ ...options, ...this.#sourceFor(host), host, port, noDelay: true });
    } catch (error) {
      return failedSocket(error);
    }
  }

  /** `host` is a name for proxies only. */
  #sourceFor(host: string): Partial<TcpSocketConnectOpts> {
    if (this.isFree) return {};
    const family = isIP(host) === 4 ? 4 : isIP(host) === 6 ? 6 : this.preferredFamily([4, 6]);
    const localAddress = this.sourceAddress(family);
    return { family, ...(localAddress !== undefined && { localAddress }) };
  }

  #hasSource(family: 4 | 6): boolean {
    try {
      this.sourceAddress(family);
      return true;
    } catch {
      return false;
    }
  }
}

/** What could not even be tried fails as if it had been: on the socket, a moment later. */
export function failedSocket(error: unknown): Socket {
  const socket = new Socket();
  process.nextTick(() => socket.destroy(error instanceof Error ? error : undefined));
  return socket;
}

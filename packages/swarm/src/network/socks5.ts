import { isIP } from "node:net";
import type { PeerAddress } from "../types.ts";
import { encodeCompactPeer } from "../wire/compact-peer.ts";
import { type HandshakeScript, HandshakeStream } from "../wire/handshake-stream.ts";
import type { Socks5Proxy } from "./network.ts";

/** RFC 1928 §3. */
const VERSION = 5;
const NO_AUTHENTICATION = 0;
const USERNAME_AND_PASSWORD = 2;
/** RFC 1929 §2. */
const LOGIN_VERSION = 1;
/** RFC 1928 §4. */
const CONNECT = 1;
const UDP_ASSOCIATE = 3;
/** RFC 1928 §7: reserved, and the number of a fragment; we make none, and take none. */
const UDP_PREFIX = [0, 0, 0] as const;
const ADDRESS_BYTES: Readonly<Record<number, number>> = { 1: 4, 4: 16 };
const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;
/** A name and a password have their length in one byte (RFC 1929 §2), and so has a host name (RFC 1928 §5). */
const MAX_STRING_BYTES = 255;

/** RFC 1928 §6, as a clause. */
const REPLIES: Readonly<Record<number, string>> = {
  1: "the proxy failed",
  2: "the proxy does not allow it",
  3: "the proxy cannot reach the network",
  4: "the proxy cannot reach the host",
  5: "the host refuses the proxy",
  6: "the proxy gave up",
  7: "the proxy makes no connections",
  8: "the proxy cannot reach addresses of this kind",
};

/** The proxy is none, or does not do what it was asked for. Never says who we are to it. */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
}

/** What a proxy is asked for. */
export interface Socks5Request {
  /** A connection, or a relay for datagrams for as long as the connection to the proxy stands. */
  readonly command: "connect" | "udp";
  /** For a relay: where we send from, if that is known. The host of a connection may be a name: the proxy looks it up. */
  readonly target: PeerAddress;
}

/** What is said to a proxy before a connection is the target's. Knows no socket. */
export class Socks5Greeting {
  readonly #stream: HandshakeStream;
  readonly #script: HandshakeScript<PeerAddress>;
  #boundTo: PeerAddress | undefined;

  /** `write` gets what goes to the proxy. */
  constructor(proxy: Socks5Proxy, request: Socks5Request, write: (bytes: Uint8Array) => void) {
    this.#stream = new HandshakeStream(write);
    this.#script = greet(this.#stream, proxy.login, request);
  }

  /** Where the proxy takes datagrams (BND.ADDR, BND.PORT), or dials from; known at the end. The host may be a name, or unspecified. */
  get boundTo(): PeerAddress | undefined {
    return this.#boundTo;
  }

  /** The connection to the proxy stands. Throws `ProxyError` for a target that cannot be named. */
  start(): void {
    this.#script.next();
  }

  /** Takes what the proxy says; returns what the target said behind it once the greeting is over. Throws `ProxyError`. */
  hear(bytes: Uint8Array): Uint8Array | undefined {
    this.#stream.push(bytes);
    const step = this.#script.next();
    if (step.done !== true) return undefined;
    this.#boundTo = step.value;
    return this.#stream.rest();
  }
}

function* greet(
  stream: HandshakeStream,
  login: Socks5Proxy["login"],
  { command, target }: Socks5Request,
): HandshakeScript<PeerAddress> {
  // RFC 1928 §4: VER, CMD, RSV, ATYP, DST.ADDR, DST.PORT.
  const code = command === "connect" ? CONNECT : UDP_ASSOCIATE;
  const request = Buffer.concat([Uint8Array.of(VERSION, code, 0), encodeAddress(target)]);
  const methods = login === undefined ? [NO_AUTHENTICATION] : [NO_AUTHENTICATION, USERNAME_AND_PASSWORD];
  stream.send(Uint8Array.of(VERSION, methods.length, ...methods));
  const [version, method] = yield* stream.take(2);
  if (version !== VERSION) throw new ProxyError("the proxy does not speak SOCKS5");
  if (method === USERNAME_AND_PASSWORD && login !== undefined) yield* logIn(stream, login);
  else if (method !== NO_AUTHENTICATION) throw new ProxyError("the proxy wants a name and a password");
  stream.send(request);
  return yield* readReply(stream);
}

function* logIn(stream: HandshakeStream, login: NonNullable<Socks5Proxy["login"]>): HandshakeScript<void> {
  stream.send(Uint8Array.of(LOGIN_VERSION), shortString(login.username), shortString(login.password));
  const [, status] = yield* stream.take(2);
  // RFC 1929 §2: "A STATUS field of X'00' indicates success".
  if (status !== 0) throw new ProxyError("the proxy refuses the name or the password");
}

function* readReply(stream: HandshakeStream): HandshakeScript<PeerAddress> {
  const [version, reply = 1, , addressType = 0] = yield* stream.take(4);
  if (version !== VERSION) throw new ProxyError("the proxy does not speak SOCKS5");
  if (reply !== 0) throw new ProxyError(REPLIES[reply] ?? "the proxy failed");
  const nameBytes = addressType === NAME ? (yield* stream.take(1))[0] : undefined;
  const hostBytes = nameBytes ?? ADDRESS_BYTES[addressType];
  if (hostBytes === undefined) throw new ProxyError("the proxy does not speak SOCKS5");
  const bytes = yield* stream.take(hostBytes + 2);
  return { host: hostText(bytes.subarray(0, hostBytes), addressType), port: bytes.readUInt16BE(hostBytes) };
}

/** RFC 1928 §7: what goes in front of a packet to the target, whose name the proxy looks up. Throws `ProxyError`. */
export function encodeUdpHeader(target: PeerAddress): Uint8Array {
  return Buffer.concat([Uint8Array.from(UDP_PREFIX), encodeAddress(target)]);
}

/** What a relay passes on, and by which family it came; undefined for fragments and nonsense. */
export function parseUdpDatagram(
  datagram: Uint8Array,
): { readonly packet: Uint8Array; readonly family: 4 | 6 } | undefined {
  const addressType = datagram[3] ?? 0;
  const hostBytes = addressType === NAME ? (datagram[4] ?? 0) + 1 : ADDRESS_BYTES[addressType];
  if (datagram[2] !== 0 || hostBytes === undefined) return undefined;
  const headerBytes = UDP_PREFIX.length + 1 + hostBytes + 2;
  if (datagram.length < headerBytes) return undefined;
  return { packet: datagram.subarray(headerBytes), family: addressType === IPV6 ? 6 : 4 };
}

/** ATYP, address, port. */
function encodeAddress(target: PeerAddress): Uint8Array {
  const { host, port } = target;
  const version = isIP(host);
  if (version === 0)
    return Buffer.concat([Uint8Array.of(NAME), shortString(host), Uint8Array.of(port >>> 8, port & 255)]);
  return Buffer.concat([Uint8Array.of(version === 4 ? IPV4 : IPV6), encodeCompactPeer(target)]);
}

function hostText(bytes: Uint8Array, addressType: number): string {
  if (addressType === NAME) return Buffer.from(bytes).toString("latin1");
  if (addressType === IPV4) return bytes.join(".");
  return (Buffer.from(bytes).toString("hex").match(/.{4}/g) ?? []).join(":");
}

function shortString(text: string): Uint8Array {
  const bytes = Buffer.from(text, "utf8");
  if (bytes.length === 0 || bytes.length > MAX_STRING_BYTES)
    throw new ProxyError("a proxy takes 1 to 255 bytes of text");
  return Buffer.concat([Uint8Array.of(bytes.length), bytes]);
}

import { isIP } from "node:net";
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

/** What is said to a proxy before a connection is the target's. Knows no socket. */
export class Socks5Greeting {
  readonly #stream: HandshakeStream;
  readonly #script: HandshakeScript<void>;

  /** The target's host may be a name: the proxy looks it up. `write` gets what goes to the proxy. */
  constructor(
    proxy: Socks5Proxy,
    target: { readonly host: string; readonly port: number },
    write: (bytes: Uint8Array) => void,
  ) {
    this.#stream = new HandshakeStream(write);
    this.#script = greet(this.#stream, proxy.login, target);
  }

  /** The connection to the proxy stands. Throws `ProxyError` for a target that cannot be named. */
  start(): void {
    this.#script.next();
  }

  /** Takes what the proxy says; returns what the target said behind it once the greeting is over. Throws `ProxyError`. */
  hear(bytes: Uint8Array): Uint8Array | undefined {
    this.#stream.push(bytes);
    return this.#script.next().done === true ? this.#stream.rest() : undefined;
  }
}

function* greet(
  stream: HandshakeStream,
  login: Socks5Proxy["login"],
  target: { readonly host: string; readonly port: number },
): HandshakeScript<void> {
  const request = connectRequest(target);
  const methods = login === undefined ? [NO_AUTHENTICATION] : [NO_AUTHENTICATION, USERNAME_AND_PASSWORD];
  stream.send(Uint8Array.of(VERSION, methods.length, ...methods));
  const [version, method] = yield* stream.take(2);
  if (version !== VERSION) throw new ProxyError("the proxy does not speak SOCKS5");
  if (method === USERNAME_AND_PASSWORD && login !== undefined) yield* logIn(stream, login);
  else if (method !== NO_AUTHENTICATION) throw new ProxyError("the proxy wants a name and a password");
  stream.send(request);
  yield* readReply(stream);
}

function* logIn(stream: HandshakeStream, login: NonNullable<Socks5Proxy["login"]>): HandshakeScript<void> {
  stream.send(Uint8Array.of(LOGIN_VERSION), shortString(login.username), shortString(login.password));
  const [, status] = yield* stream.take(2);
  // RFC 1929 §2: "A STATUS field of X'00' indicates success".
  if (status !== 0) throw new ProxyError("the proxy refuses the name or the password");
}

function* readReply(stream: HandshakeStream): HandshakeScript<void> {
  const [version, reply = 1, , addressType = 0] = yield* stream.take(4);
  if (version !== VERSION) throw new ProxyError("the proxy does not speak SOCKS5");
  if (reply !== 0) throw new ProxyError(REPLIES[reply] ?? "the proxy failed");
  // Where the proxy dialled from (BND.ADDR, BND.PORT): of no use to us.
  const nameBytes = addressType === NAME ? (yield* stream.take(1))[0] : undefined;
  const addressBytes = nameBytes ?? ADDRESS_BYTES[addressType];
  if (addressBytes === undefined) throw new ProxyError("the proxy does not speak SOCKS5");
  yield* stream.take(addressBytes + 2);
}

/** RFC 1928 §4: VER, CMD, RSV, ATYP, DST.ADDR, DST.PORT. */
function connectRequest(target: { readonly host: string; readonly port: number }): Uint8Array {
  const { host, port } = target;
  const version = isIP(host);
  const type = version === 0 ? NAME : version === 4 ? IPV4 : IPV6;
  const destination =
    version === 0
      ? Buffer.concat([shortString(host), Uint8Array.of(port >>> 8, port & 255)])
      : encodeCompactPeer(target);
  return Buffer.concat([Uint8Array.of(VERSION, CONNECT, 0, type), destination]);
}

function shortString(text: string): Uint8Array {
  const bytes = Buffer.from(text, "utf8");
  if (bytes.length === 0 || bytes.length > MAX_STRING_BYTES)
    throw new ProxyError("a proxy takes 1 to 255 bytes of text");
  return Buffer.concat([Uint8Array.of(bytes.length), bytes]);
}

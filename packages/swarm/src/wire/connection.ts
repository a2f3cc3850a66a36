import { setMaxListeners } from "node:events";
import net from "node:net";
import { assertInvariant } from "@riptide/core";
import { peerAddress } from "../metainfo/peer-address.ts";
import type { BlockRequest, PeerAddress } from "../types.ts";
import {
  encodeBitfield,
  encodeBlockHeader,
  encodeBlockMessages,
  encodeExtended,
  encodeHave,
  encodeSignal,
  KEEP_ALIVE,
} from "./encoder.ts";
import { type Greeted, greetIncoming, greetOutgoing } from "./handshake.ts";
import { type HandshakeScript, HandshakeStream } from "./handshake-stream.ts";
import { MessageId } from "./messages.ts";
import { MessageParser } from "./parser.ts";
import { ProtocolViolation } from "./protocol-violation.ts";
import { SocketLink, type SocketListener } from "./socket-link.ts";
import type { AcceptOptions, ConnectOptions, Wire, WireHandler } from "./wire.ts";

/** A peer that is there answers within a few round trips. */
const CONNECT_TIMEOUT_MS = 5_000;
/** The proxy answers when it has connected in its turn, and may be at the other end of the world. */
const PROXY_CONNECT_TIMEOUT_MS = 15_000;
/** From the connection to the end of both handshakes. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/**
 * The same over uTP: who hangs up at what we say, for example since it wants encryption, is known by its silence. libutp takes the end of a
 * libtorrent for no packet of uTP, as it names a reason (extension 3 of its header).
 */
const UTP_HANDSHAKE_TIMEOUT_MS = 4_000;
/** BEP 3: keep-alives are "generally sent once every two minutes"; half a minute for the way. */
const IDLE_TIMEOUT_MS = 150_000;

/** Dials a peer. Never throws: every failure arrives as `handler.onClose`, and never before this has returned. */
export function connectWire(options: ConnectOptions): Wire {
  const connection = new Connection(options.address, options.handler, (stream) => greetOutgoing(stream, options));
  connection.dial(options);
  return connection;
}

/**
 * Incoming: plaintext or MSE is told by the first bytes, the torrent by its info hash. `from` is who is at the other end, if the socket is not the
 * one to ask.
 */
export function acceptWire(socket: net.Socket, options: AcceptOptions, from = remoteAddressOf(socket)): Wire {
  const connection = new Connection(from, null, (stream, wire) =>
    greetIncoming(stream, options.torrents, (infoHash) => options.route(infoHash, wire)),
  );
  connection.adopt(socket);
  return connection;
}

function remoteAddressOf({ remoteAddress: host = "", remotePort: port = 0 }: net.Socket): PeerAddress {
  return peerAddress(host, port) ?? { host, port };
}

/** One connection from its first byte to its last: handshake, then messages, then the reason why it ended. */
class Connection implements Wire, SocketListener {
  readonly remoteAddress: PeerAddress;
  readonly isOutgoing: boolean;
  readonly #stream = new HandshakeStream((bytes) => this.#write(bytes));
  readonly #script: HandshakeScript<Greeted>;
  #handler: WireHandler | null;
  #link: SocketLink | null = null;
  /** Null until both handshakes are done. */
  #parser: MessageParser | null = null;
  #supportsFast = false;
  #isPlaintext = false;
  #maySend = false;
  #handshakeLimitMs = HANDSHAKE_TIMEOUT_MS;
  #timer: NodeJS.Timeout | undefined;
  #signal: AbortSignal | undefined;
  #isClosed = false;
  #receivedBytes = 0;
  #didSendBytes = false;

  /** `handler` is null for an incoming peer: only its handshake tells whom it is for. */
  constructor(
    remoteAddress: PeerAddress,
    handler: WireHandler | null,
    script: (stream: HandshakeStream, wire: Wire) => HandshakeScript<Greeted>,
  ) {
    this.remoteAddress = remoteAddress;
    this.isOutgoing = handler !== null;
    this.#handler = handler;
    this.#script = script(this.#stream, this);
  }

  dial(options: ConnectOptions): void {
    const { network, utp, signal, connectTimeoutMs } = options;
    this.#isPlaintext = options.mode === "plaintext";
    if (utp !== undefined) this.#handshakeLimitMs = UTP_HANDSHAKE_TIMEOUT_MS;
    const { host, port } = this.remoteAddress;
    if (signal?.aborted === true) return process.nextTick(() => this.close("aborted"));
    if (net.isIP(host) === 0 || !Number.isInteger(port) || port < 1 || port > 65_535) {
      return process.nextTick(() => this.close("not an address"));
    }
    if (signal !== undefined) {
      this.#signal = signal;
      // All wires of a session may share it; Node would warn from the eleventh on.
      setMaxListeners(0, signal);
      signal.addEventListener("abort", this.#onAbort, { once: true });
    }
    const limitMs = network.proxy === undefined ? CONNECT_TIMEOUT_MS : PROXY_CONNECT_TIMEOUT_MS;
    this.#closeAfter(connectTimeoutMs ?? limitMs, "connect timeout");
    this.#link = SocketLink.dial(options, this);
  }

  adopt(socket: net.Socket): void {
    this.#link = SocketLink.adopt(socket, this);
    this.onConnect();
  }

  onConnect(): void {
    this.#closeAfter(this.#handshakeLimitMs, "handshake timeout");
    this.#script.next();
    // BEP 3: messages follow the handshake. Nobody has to wait for the other's to send them, if nothing is encrypted.
    this.#maySend = this.#isPlaintext;
    if (!this.#isClosed) this.#handler?.onConnect?.();
  }

  onBytes(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    this.#receivedBytes += bytes.length;
    try {
      if (this.#parser === null) this.#greet(bytes);
      else this.#listen(this.#parser, bytes);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.close(error.message);
    }
  }

  onEnd(reason: string): void {
    this.close(reason);
  }

  close(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#parser?.stop();
    this.#link?.destroy();
    this.#handler?.onClose(reason);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  get didSendBytes(): boolean {
    return this.#didSendBytes;
  }

  get queuedBytes(): number {
    return this.#link?.queuedBytes ?? 0;
  }

  async drained(signal: AbortSignal): Promise<void> {
    await this.#link?.drained(signal);
  }

  choke(): void {
    this.#send(encodeSignal(MessageId.choke));
  }

  unchoke(): void {
    this.#send(encodeSignal(MessageId.unchoke));
  }

  interested(): void {
    this.#send(encodeSignal(MessageId.interested));
  }

  notInterested(): void {
    this.#send(encodeSignal(MessageId.notInterested));
  }

  have(piece: number): void {
    this.#send(encodeHave(piece));
  }

  bitfield(bits: Uint8Array): void {
    this.#send(encodeBitfield(bits));
  }

  haveAll(): void {
    this.#send(encodeSignal(MessageId.haveAll));
  }

  haveNone(): void {
    this.#send(encodeSignal(MessageId.haveNone));
  }

  request(blocks: readonly BlockRequest[]): void {
    if (blocks.length > 0) this.#send(encodeBlockMessages(MessageId.request, blocks));
  }

  cancel(blocks: readonly BlockRequest[]): void {
    if (blocks.length > 0) this.#send(encodeBlockMessages(MessageId.cancel, blocks));
  }

  reject(block: BlockRequest): void {
    if (this.#supportsFast) this.#send(encodeBlockMessages(MessageId.rejectRequest, [block]));
  }

  block(piece: number, offset: number, data: Uint8Array): void {
    this.#send(encodeBlockHeader(piece, offset, data.length));
    this.#send(data);
  }

  extended(extensionId: number, payload: Uint8Array): void {
    this.#send(encodeExtended(extensionId, payload));
  }

  keepAlive(): void {
    this.#send(KEEP_ALIVE);
  }

  withdrawTarget(buffer: Uint8Array): void {
    this.#parser?.withdrawTarget(buffer);
  }

  #greet(bytes: Uint8Array): void {
    this.#stream.push(bytes);
    const step = this.#script.next();
    if (this.#isClosed || step.done !== true) return;
    const { remote, handler } = step.value;
    this.#handler = handler;
    this.#supportsFast = remote.supportsFast;
    this.#closeAfter(IDLE_TIMEOUT_MS, "idle timeout");
    const parser = new MessageParser(handler);
    this.#parser = parser;
    this.#maySend = true;
    handler.onHandshake(remote);
    parser.feed(this.#stream.rest());
    if (!this.#isClosed) handler.onReadEnd();
  }

  #listen(parser: MessageParser, bytes: Uint8Array): void {
    this.#timer?.refresh();
    this.#stream.decrypt?.apply(bytes);
    parser.feed(bytes);
    if (!this.#isClosed) this.#handler?.onReadEnd();
  }

  #send(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    assertInvariant(this.#maySend, "Messages follow our handshake, and encryption is agreed on before");
    const encrypt = this.#stream.encrypt;
    this.#write(encrypt === null ? bytes : encrypt.applied(bytes));
  }

  #write(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    this.#didSendBytes = true;
    this.#link?.write(bytes);
  }

  #closeAfter(delayMs: number, reason: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.close(reason), delayMs);
  }

  readonly #onAbort = (): void => this.close("aborted");
}

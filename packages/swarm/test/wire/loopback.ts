import { once } from "node:events";
import net from "node:net";
import { Network } from "../../src/network/network.ts";
import { encodeHandshake } from "../../src/wire/handshake.ts";
import type { HandshakeScript, HandshakeStream } from "../../src/wire/handshake-stream.ts";
import { acceptWire, type ConnectOptions, connectWire, type EncryptionMode, type Wire } from "../../src/wire/index.ts";
import { RecordingHandler } from "./recording-handler.ts";
import { ScriptEnd } from "./script-end.ts";

export const INFO_HASH = "0123456789abcdef0123456789abcdef01234567";
export const OUR_ID = Buffer.from("-RT0001-aaaaaaaaaaaa");
export const THEIR_ID = Buffer.from("-XX0001-bbbbbbbbbbbb");

/** A server on 127.0.0.1 that hands over its sockets in order, and closes all of them when it is disposed. */
export class Loopback implements AsyncDisposable {
  readonly #server = net.createServer((socket) => this.#accepted(socket));
  readonly #sockets = new Set<net.Socket>();
  readonly #waiting: ((socket: net.Socket) => void)[] = [];
  readonly #arrived: net.Socket[] = [];

  static async open(): Promise<Loopback> {
    const loopback = new Loopback();
    loopback.#server.listen(0, "127.0.0.1");
    await once(loopback.#server, "listening");
    return loopback;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new TypeError("The server does not listen");
    return address.port;
  }

  /** The server's side of the next connection. */
  next(): Promise<net.Socket> {
    const socket = this.#arrived.shift();
    return socket === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(socket);
  }

  /** The client's side of a new connection. */
  async dial(): Promise<net.Socket> {
    const socket = net.connect(this.port, "127.0.0.1");
    this.#keep(socket);
    await once(socket, "connect");
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accepted(socket: net.Socket): void {
    this.#keep(socket);
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#arrived.push(socket);
    else waiting(socket);
  }

  #keep(socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
  }
}

/** One of our wires, and what it told. */
export class Side {
  readonly handler: RecordingHandler;
  wire!: Wire;
  readonly #waits: { isMet: () => boolean; resolve: () => void }[] = [];

  constructor() {
    this.handler = new RecordingHandler();
    this.handler.onCall = () => this.#check();
  }

  /** Resolves as soon as the handler was called `count` times with `name`. */
  heard(name: string, count = 1): Promise<void> {
    const isMet = (): boolean => this.handler.names().filter((called) => called === name).length >= count;
    return isMet() ? Promise.resolve() : new Promise((resolve) => this.#waits.push({ isMet, resolve }));
  }

  #check(): void {
    for (const wait of this.#waits) if (wait.isMet()) wait.resolve();
  }
}

/** Dials the server with a wire. */
export function dialSide(port: number, options: Partial<ConnectOptions> = {}): Side {
  const side = new Side();
  side.wire = connectWire({
    network: new Network({}),
    address: { host: "127.0.0.1", port },
    mode: "plaintext",
    infoHash: INFO_HASH,
    peerId: OUR_ID,
    handler: side.handler,
    ...options,
  });
  return side;
}

/** Accepts the socket with a wire. */
export function acceptSide(socket: net.Socket): Side {
  const side = new Side();
  side.wire = acceptWire(socket, {
    torrents: () => [INFO_HASH],
    route: (infoHash) => (infoHash === INFO_HASH ? { handler: side.handler, peerId: THEIR_ID } : null),
  });
  return side;
}

/** Collects what a raw socket receives. */
export class Received {
  #bytes = Buffer.alloc(0);
  #waits: { lengthBytes: number; resolve: (bytes: Buffer) => void }[] = [];

  /** Resumes the socket if it was paused. */
  constructor(socket: net.Socket) {
    socket.resume().on("data", (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#waits = this.#waits.filter((wait) => {
        if (this.#bytes.length < wait.lengthBytes) return true;
        wait.resolve(this.#bytes);
        return false;
      });
    });
  }

  /** Resolves with all that came once it is at least that long. */
  atLeast(lengthBytes: number): Promise<Buffer> {
    if (this.#bytes.length >= lengthBytes) return Promise.resolve(this.#bytes);
    return new Promise((resolve) => this.#waits.push({ lengthBytes, resolve }));
  }
}

/** Two of our wires that greeted each other. */
export async function greetedPair(
  loopback: Loopback,
  mode: EncryptionMode,
): Promise<{ dialled: Side; accepted: Side }> {
  const dialled = dialSide(loopback.port, { mode });
  const accepted = acceptSide(await loopback.next());
  await Promise.all([dialled.heard("handshake"), accepted.heard("handshake")]);
  return { dialled, accepted };
}

/** Our wire and a bare socket that greeted it in plaintext. */
export async function wireAndSocket(
  loopback: Loopback,
  handshake = encodeHandshake(INFO_HASH, THEIR_ID),
): Promise<{ side: Side; socket: net.Socket }> {
  const side = dialSide(loopback.port);
  const socket = await loopback.next();
  socket.write(handshake);
  await side.heard("handshake");
  return { side, socket };
}

/** Resolves when the socket is closed, however that came. Reads what nobody else reads. */
export async function closed(socket: net.Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.resume().once("close", resolve));
}

/** A handshake script at the end of a bare socket: a peer that does what the script does, and nothing else. */
export class ScriptPeer {
  readonly end: ScriptEnd<unknown>;
  /** Resolves with the end of the script. */
  readonly done: Promise<void>;
  readonly #socket: net.Socket;
  #heard = Buffer.alloc(0);
  #onHeard: () => void = () => undefined;

  constructor(socket: net.Socket, script: (stream: HandshakeStream) => HandshakeScript<unknown>) {
    this.#socket = socket;
    this.end = new ScriptEnd(script);
    this.done = new Promise((resolve) => {
      socket.on("data", (chunk) => {
        this.end.feed(chunk);
        this.flush();
        if (!this.end.isDone) return;
        this.#heard = Buffer.concat([this.#heard, this.end.stream.rest()]);
        this.#onHeard();
        resolve();
      });
    });
    this.flush();
  }

  /** Sends what the script, or whoever uses its stream, has said. */
  flush(): void {
    const sent = this.end.takeSent();
    if (sent.length > 0) this.#socket.write(sent);
  }

  /** Resolves with what came after the script, decrypted, once it is that long. */
  heardBytes(lengthBytes: number): Promise<Buffer> {
    return new Promise((resolve) => {
      this.#onHeard = () => {
        if (this.#heard.length >= lengthBytes) resolve(this.#heard);
      };
      this.#onHeard();
    });
  }
}

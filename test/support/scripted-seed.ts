import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { type PeerAddress, parseTorrentFile } from "@riptide/swarm";
import type { TestTorrent } from "./test-torrent.ts";

/** How a seed differs from a good one. */
type SeedMisdeed =
  | "none"
  /** Unchokes, and answers no request. */
  | "blackhole"
  | "never unchokes"
  /** One byte of every block is wrong. */
  | "poisons"
  /** Claims every piece, has only those with an even index, and drops other requests. */
  | "lies about its pieces"
  /** Its metadata has the right length and another hash. */
  | "lies about the metadata"
  /** Its metadata has gigabytes, and it sends of it what is asked for. */
  | "has endless metadata";

export interface ScriptedSeedOptions {
  readonly torrent: Pick<TestTorrent, "bytes" | "infoHash" | "torrentFile"> | LongTorrent;
  /** A loopback address of its own, so that a ban by host hits only this seed. */
  readonly host?: string;
  /** Told of each connection. */
  readonly connected?: (socket: Socket) => void;
  readonly misdeed?: SeedMisdeed;
  /** Of all its connections together, as of a line: a block comes out when its time on it is over. */
  readonly bytesPerSecond?: number;
  /** From it to us, and from us to it: half a round trip. */
  readonly latencyMs?: number;
  /** Sends nothing more once it has sent this much payload on a connection. */
  readonly stallAfterBytes?: number;
  /** Closes each connection after this much payload, in the middle of a block. */
  readonly disconnectAfterBytes?: number;
  /** A block goes out. */
  readonly onBlockSent?: (block: Block) => void;
}

/** A torrent that is read when it is asked for, instead of being held in memory. */
interface LongTorrent extends Pick<TestTorrent, "infoHash" | "torrentFile"> {
  /** `[start, end)` of its bytes. */
  read(start: number, end: number): Uint8Array;
}

/** What all connections of a seed did. */
interface SeedCounters {
  connections: number;
  requests: number;
  cancels: number;
  blocksSent: number;
  bytesSent: number;
  /** Requests that were neither answered nor cancelled, on connections that are open. */
  openRequests: number;
}

export interface ScriptedSeed extends AsyncDisposable {
  readonly peer: PeerAddress;
  readonly counters: Readonly<SeedCounters>;
  /** Pieces of which a block was sent, in the order of the first. */
  readonly piecesSent: readonly number[];
  /** Closes all connections; new ones are taken. */
  disconnect(): void;
}

/**
 * Starts a peer that has the whole torrent: bare BEP 3, 9 and 10, plaintext only, nothing of ours in it. What it does
 * wrong, and how fast, is up to the test.
 */
export async function startScriptedSeed(options: ScriptedSeedOptions): Promise<ScriptedSeed> {
  const { host = "127.0.0.1" } = options;
  const metainfo = parseTorrentFile(options.torrent.torrentFile);
  const state: SeedState = {
    options,
    infoBytes: Buffer.from(metainfo.infoBytes),
    pieceLengthBytes: metainfo.pieceLengthBytes,
    pieceCount: metainfo.pieceCount,
    peerId: Buffer.concat([Buffer.from("-SS0001-"), randomBytes(12)]),
    counters: { connections: 0, requests: 0, cancels: 0, blocksSent: 0, bytesSent: 0, openRequests: 0 },
    piecesSent: new Set(),
    lineFreeMs: 0,
  };
  const sockets = new Set<Socket>();
  const server: Server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    options.connected?.(socket);
    socket.on("close", () => sockets.delete(socket));
    serve(socket, state);
  });
  server.listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const disconnect = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    peer: { host, port },
    counters: state.counters,
    get piecesSent() {
      return [...state.piecesSent];
    },
    disconnect,
    [Symbol.asyncDispose]: async () => {
      disconnect();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface SeedState {
  readonly options: ScriptedSeedOptions;
  readonly infoBytes: Buffer;
  readonly pieceLengthBytes: number;
  readonly pieceCount: number;
  readonly peerId: Buffer;
  readonly counters: SeedCounters;
  readonly piecesSent: Set<number>;
  /** When all that was sent so far has left the line. */
  lineFreeMs: number;
}

interface Block {
  readonly piece: number;
  readonly offset: number;
  readonly length: number;
}

const HANDSHAKE_BYTES = 68;
const METADATA_PIECE_BYTES = 16_384;
/** The id under which this seed takes ut_metadata. */
const OUR_METADATA_ID = 3;

interface Conversation {
  readonly link: Link;
  readonly state: SeedState;
  readonly uploads: Uploads;
  isGreeted: boolean;
  /** The id under which the other side takes ut_metadata. */
  metadataId: number;
}

function serve(socket: Socket, state: SeedState): void {
  const link = new Link(socket, state.options.latencyMs ?? 0);
  const uploads = new Uploads(link, state);
  const conversation = { link, state, uploads, isGreeted: false, metadataId: 0 };
  let received = Buffer.alloc(0);
  state.counters.connections += 1;
  socket.on("error", () => undefined);
  socket.on("close", () => uploads.end());
  link.hear((bytes) => {
    received = Buffer.concat([received, bytes]);
    for (let taken = hear(received, conversation); taken > 0; taken = hear(received, conversation)) {
      received = received.subarray(taken);
    }
  });
}

/** A connection whose bytes are under way for a while, both ways. */
class Link {
  readonly socket: Socket;
  readonly #latencyMs: number;

  constructor(socket: Socket, latencyMs: number) {
    this.socket = socket;
    this.#latencyMs = latencyMs;
  }

  hear(listener: (bytes: Buffer) => void): void {
    this.socket.on("data", (bytes) => this.#later(() => listener(bytes)));
  }

  /** False: wait for `drain` before more is sent. */
  send(bytes: Buffer): boolean {
    if (this.#latencyMs === 0) return this.socket.write(bytes);
    this.#later(() => this.socket.writable && this.socket.write(bytes));
    return true;
  }

  /** Timers of the same length end in the order in which they began. */
  #later(action: () => void): void {
    if (this.#latencyMs === 0) action();
    else setTimeout(action, this.#latencyMs);
  }
}

/** Takes the handshake or one message from the front; returns its length, or 0 while it is not all there. */
function hear(received: Buffer, conversation: Conversation): number {
  if (!conversation.isGreeted) {
    if (received.length < HANDSHAKE_BYTES) return 0;
    conversation.isGreeted = true;
    greet(received, conversation);
    return HANDSHAKE_BYTES;
  }
  if (received.length < 4) return 0;
  const end = 4 + received.readUInt32BE(0);
  if (received.length < end) return 0;
  if (end > 4) hearMessage(received.subarray(4, end), conversation);
  return end;
}

/** The handshake, what it offers (BEP 10), and all its pieces. */
function greet(theirs: Buffer, { link, state }: Conversation): void {
  const { options, infoBytes, pieceCount } = state;
  const infoHash = Buffer.from(options.torrent.infoHash, "hex");
  const isPlain = theirs.subarray(1, 20).equals(Buffer.from("BitTorrent protocol"));
  if (!isPlain || !theirs.subarray(28, 48).equals(infoHash)) return void link.socket.destroy();
  const reserved = Buffer.from([0, 0, 0, 0, 0, 0x10, 0, 0]);
  link.send(Buffer.concat([Buffer.from("\x13BitTorrent protocol"), reserved, infoHash, state.peerId]));
  const metadataBytes = options.misdeed === "has endless metadata" ? 8 * 1024 ** 3 : infoBytes.length;
  const extensions = `d1:md11:ut_metadatai${OUR_METADATA_ID}ee13:metadata_sizei${metadataBytes}e4:reqqi500ee`;
  link.send(message(20, Buffer.from([0]), Buffer.from(extensions)));
  const bitfield = Buffer.alloc(Math.ceil(pieceCount / 8));
  for (let piece = 0; piece < pieceCount; piece += 1) bitfield[piece >> 3]! |= 0x80 >> (piece & 7);
  link.send(message(5, bitfield));
}

function hearMessage(body: Buffer, conversation: Conversation): void {
  const { link, state, uploads } = conversation;
  const id = body[0];
  const isInterested = id === 2;
  if (isInterested && state.options.misdeed !== "never unchokes") link.send(message(1));
  if (id === 6) uploads.request(readBlock(body));
  if (id === 8) uploads.cancel(readBlock(body));
  if (id === 20) hearExtended(body, conversation);
}

function readBlock(body: Buffer): Block {
  return { piece: body.readUInt32BE(1), offset: body.readUInt32BE(5), length: body.readUInt32BE(9) };
}

function hearExtended(body: Buffer, conversation: Conversation): void {
  const { link, state } = conversation;
  const { options, infoBytes } = state;
  const text = body.toString("latin1", 2);
  if (body[1] === 0) {
    conversation.metadataId = Number(/11:ut_metadatai(\d+)e/.exec(text)?.[1] ?? 0);
    return;
  }
  const piece = Number(/5:piecei(\d+)e/.exec(text)?.[1]);
  if (body[1] !== OUR_METADATA_ID || !text.includes("8:msg_typei0e")) return;
  const data = Buffer.from(infoBytes.subarray(piece * METADATA_PIECE_BYTES, (piece + 1) * METADATA_PIECE_BYTES));
  if (options.misdeed === "lies about the metadata") data[0]! ^= 1;
  const header = `d8:msg_typei1e5:piecei${piece}e10:total_sizei${infoBytes.length}ee`;
  link.send(message(20, Buffer.from([conversation.metadataId]), Buffer.from(header), data));
}

/** The requests of one connection, answered in order, at the seed's pace. */
class Uploads {
  readonly #link: Link;
  readonly #state: SeedState;
  #queue: (Block & { readonly receivedMs: number })[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sentBytes = 0;
  #isWaiting = false;

  constructor(link: Link, state: SeedState) {
    this.#link = link;
    this.#state = state;
    link.socket.on("drain", () => {
      if (this.#timer === undefined) this.#goOn();
    });
  }

  request(block: Block): void {
    const { counters, options } = this.#state;
    counters.requests += 1;
    if (options.misdeed === "lies about its pieces" && block.piece % 2 === 1) return;
    this.#queue.push({ ...block, receivedMs: performance.now() });
    counters.openRequests += 1;
    if (!this.#isWaiting) this.#send();
  }

  cancel(block: Block): void {
    this.#state.counters.cancels += 1;
    const index = this.#queue.findIndex(({ piece, offset }) => piece === block.piece && offset === block.offset);
    if (index < 0) return;
    this.#queue.splice(index, 1);
    this.#state.counters.openRequests -= 1;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#state.counters.openRequests -= this.#queue.length;
    this.#queue = [];
    this.#isWaiting = true;
  }

  #send(): void {
    const { options } = this.#state;
    const { stallAfterBytes = Number.POSITIVE_INFINITY } = options;
    for (let [next] = this.#queue; next !== undefined; [next] = this.#queue) {
      if (options.misdeed === "blackhole" || this.#sentBytes >= stallAfterBytes) return;
      if (options.bytesPerSecond !== undefined) return this.#takeTheLine(next, options.bytesPerSecond);
      this.#queue.shift();
      if (!this.#sendBlock(next)) {
        this.#isWaiting = true;
        return;
      }
    }
  }

  /** The block has gone through when its time is over; one that is cancelled until then has cost its time all the same. */
  #takeTheLine(block: Block & { readonly receivedMs: number }, bytesPerSecond: number): void {
    const state = this.#state;
    // From when it was asked for, not from when a timer went off: what one timer is late, the next one makes up for.
    state.lineFreeMs = Math.max(state.lineFreeMs, block.receivedMs) + (block.length / bytesPerSecond) * 1000;
    const goThrough = (): void => {
      this.#timer = undefined;
      if (this.#queue[0] === block) {
        this.#queue.shift();
        if (!this.#sendBlock(block)) return;
      }
      this.#goOn();
    };
    this.#isWaiting = true;
    this.#timer = setTimeout(goThrough, state.lineFreeMs - performance.now());
  }

  /** False if nothing may follow for now. */
  #sendBlock(block: Block): boolean {
    const { options, counters, piecesSent, pieceLengthBytes } = this.#state;
    const { disconnectAfterBytes = Number.POSITIVE_INFINITY, torrent } = options;
    const { piece, offset, length } = block;
    const start = piece * pieceLengthBytes + offset;
    const data = Buffer.from(
      "read" in torrent ? torrent.read(start, start + length) : torrent.bytes.subarray(start, start + length),
    );
    if (options.misdeed === "poisons") data[length >> 1]! ^= 0xff;
    const header = Buffer.alloc(8);
    header.writeUInt32BE(piece, 0);
    header.writeUInt32BE(offset, 4);
    const bytes = message(7, header, data);
    counters.openRequests -= 1;
    this.#sentBytes += length;
    if (this.#sentBytes > disconnectAfterBytes) {
      this.#link.socket.end(bytes.subarray(0, bytes.length >> 1), () => this.#link.socket.destroy());
      this.end();
      return false;
    }
    counters.blocksSent += 1;
    counters.bytesSent += length;
    piecesSent.add(piece);
    options.onBlockSent?.(block);
    return this.#link.send(bytes);
  }

  #goOn(): void {
    this.#timer = undefined;
    this.#isWaiting = false;
    this.#send();
  }
}

function message(id: number, ...parts: readonly Buffer[]): Buffer {
  const lengthBytes = 1 + parts.reduce((sum, part) => sum + part.length, 0);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(lengthBytes, 0);
  head[4] = id;
  return Buffer.concat([head, ...parts]);
}

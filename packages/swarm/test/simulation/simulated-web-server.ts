import net from "node:net";
import type { ScenarioWebSeed, VirtualClock } from "@riptide/sim";
import { BLOCK_LENGTH_BYTES, type TorrentGeometry } from "../../src/types.ts";

/** What is sent at once. */
const CHUNK_BYTES = 16 * 1024;

export interface WebServerOptions {
  readonly webSeed: ScenarioWebSeed;
  readonly host: string;
  readonly geometry: TorrentGeometry;
  readonly clock: VirtualClock;
  /** The content of a piece. */
  readonly content: (piece: number) => Uint8Array;
}

/** A web server that has the file of the torrent, in virtual time; Node's own HTTP client talks to it. */
export class SimulatedWebServer {
  readonly options: WebServerOptions;
  /** Payload that it has sent, and how much of that nobody had asked for. */
  sentBytes = 0;
  unaskedBytes = 0;
  answers = 0;
  /** Requests that came before it wanted to be asked again. */
  hastyRequests = 0;
  #restUntilMs = 0;
  #isHealed = false;
  readonly #connections = new Set<ServerConnection>();

  constructor(options: WebServerOptions) {
    this.options = options;
  }

  /** Whether what stands in front of a range must be read past. */
  get isSkipped(): boolean {
    return this.options.webSeed.faults.some(({ kind }) => kind === "ignores-range");
  }

  get openConnections(): number {
    return this.#connections.size;
  }

  connect(): net.Socket {
    const connection: ServerConnection = new ServerConnection(this, () => this.#connections.delete(connection));
    this.#connections.add(connection);
    const { clock, webSeed } = this.options;
    // A round trip for TCP.
    clock.setTimer(2 * webSeed.latencyMs, () => {
      if (this.fault("refuses") !== undefined) connection.destroy(new Error("ECONNREFUSED"));
    });
    return connection;
  }

  /** A request comes. */
  asked(): void {
    if (this.options.clock.nowMs() < this.#restUntilMs) this.hastyRequests += 1;
  }

  /** It has said that it is not to be asked for so long. */
  rest(durationMs: number): void {
    this.#restUntilMs = this.options.clock.nowMs() + durationMs;
  }

  /** From now on it is honest, and sends what it still owes. */
  heal(): void {
    this.#isHealed = true;
    for (const connection of this.#connections) connection.sendOn();
  }

  /** What is wrong with it now, if that is. */
  fault<Kind extends Fault["kind"]>(kind: Kind): Extract<Fault, { readonly kind: Kind }> | undefined {
    if (this.#isHealed) return undefined;
    const nowMs = this.options.clock.nowMs();
    return this.options.webSeed.faults.find((fault): fault is Extract<Fault, { readonly kind: Kind }> => {
      const isNow = !("fromMs" in fault) || (nowMs >= fault.fromMs && nowMs < fault.toMs);
      return fault.kind === kind && isNow;
    });
  }

  /** The bytes of the file from there on: as many as it cares to send at once. */
  bytesAt(position: number): Uint8Array {
    const { geometry, content } = this.options;
    const { pieceLengthBytes, sizeBytes } = geometry;
    if (position >= sizeBytes) return new Uint8Array(CHUNK_BYTES);
    const piece = Math.floor(position / pieceLengthBytes);
    const offset = position - piece * pieceLengthBytes;
    const bytes = content(piece).slice(offset, offset + CHUNK_BYTES);
    if (this.fault("other-length") !== undefined) return bytes.fill(0);
    const poison = this.fault("poison");
    const isWrong = poison !== undefined && (piece + Math.floor(offset / BLOCK_LENGTH_BYTES)) % poison.every === 0;
    if (isWrong) bytes[0]! ^= 1;
    return bytes;
  }
}

type Fault = ScenarioWebSeed["faults"][number];

/** A body that is being sent: the bytes of the file in [at, end), and zeros behind the file. */
interface Body {
  at: number;
  readonly end: number;
  readonly asked: { readonly start: number; readonly end: number };
  /** Where it hangs up. */
  readonly cutAt: number;
}

/** One connection to the server: our requests come in by `_write`, and the answers go out by `push`. */
class ServerConnection extends net.Socket {
  readonly #server: SimulatedWebServer;
  readonly #ended: () => void;
  #request = "";
  #body: Body | undefined;
  /** TCP takes a round trip before the first one. */
  #roundTrips = 2;
  #isWaiting = false;
  /** The client has room for more. */
  #hasRoom = true;

  constructor(server: SimulatedWebServer, ended: () => void) {
    super();
    this.#server = server;
    this.#ended = ended;
  }

  override _write(bytes: Uint8Array, _encoding: BufferEncoding, written: (error?: Error | null) => void): void {
    this.#request += Buffer.from(bytes).toString("latin1");
    const isWhole = this.#request.includes("\r\n\r\n");
    written();
    if (!isWhole) return;
    this.#server.asked();
    const [, start = "0", last = "0"] = /\nrange: bytes=(\d+)-(\d+)/i.exec(this.#request) ?? [];
    this.#request = "";
    const { clock, webSeed } = this.#server.options;
    const delayMs = this.#roundTrips * 2 * webSeed.latencyMs;
    this.#roundTrips = 1;
    clock.setTimer(delayMs, () => this.#answer({ start: Number(start), end: Number(last) + 1 }));
  }

  override _writev(
    chunks: { chunk: Uint8Array; encoding: BufferEncoding }[],
    written: (error?: Error | null) => void,
  ): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => Buffer.from(chunk))), "utf8", written);
  }

  override _read(): void {
    this.#hasRoom = true;
    this.sendOn();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#body = undefined;
    this.#ended();
    super._destroy(error, callback);
  }

  /** There is no handle, and Node would wait for one with a listener for each call. */
  override ref(): this {
    return this;
  }

  override unref(): this {
    return this;
  }

  /** Sends the next part of what it owes, once the last one has had its time. */
  sendOn(): void {
    const body = this.#body;
    if (body === undefined || this.#isWaiting || !this.#hasRoom || this.#isStalled()) return;
    const bytes = this.#server.bytesAt(body.at).subarray(0, Math.min(body.end, body.cutAt) - body.at);
    this.#isWaiting = true;
    const { clock, webSeed } = this.#server.options;
    clock.setTimer((bytes.length / webSeed.bytesPerSecond) * 1000, () => {
      this.#isWaiting = false;
      if (this.destroyed || this.#body !== body) return;
      this.#send(body, bytes);
      this.sendOn();
    });
  }

  #isStalled(): boolean {
    const stall = this.#server.fault("stall");
    return stall !== undefined && this.#server.sentBytes >= stall.afterBytes;
  }

  #answer(asked: Body["asked"]): void {
    if (this.destroyed) return;
    const server = this.#server;
    server.answers += 1;
    const status = server.fault("status");
    if (status !== undefined) {
      server.rest(status.retryAfterSeconds * 1000);
      this.#push(
        `HTTP/1.1 ${status.status} No\r\nRetry-After: ${status.retryAfterSeconds}\r\nContent-Length: 0\r\n\r\n`,
      );
      return;
    }
    const cuts = server.fault("cuts");
    const { sizeBytes } = server.options.geometry;
    const isWhole = server.fault("ignores-range") !== undefined;
    const isEndless = server.fault("endless") !== undefined;
    const sent = isWhole ? { start: 0, end: sizeBytes } : asked;
    const isCut = cuts !== undefined && server.answers % cuts.every === 0;
    const cutAt = isCut ? (sent.start + sent.end) >> 1 : Number.POSITIVE_INFINITY;
    // Of every other answer that is cut off only its range tells how long it should be.
    const hasLength = !isEndless && !(isCut && server.answers % (2 * cuts.every) === 0);
    this.#push(this.#head(sent, { isWhole, hasLength }));
    this.#body = { at: sent.start, end: isEndless ? Number.POSITIVE_INFINITY : sent.end, asked, cutAt };
    this.sendOn();
  }

  #head({ start, end }: Body["asked"], { isWhole, hasLength }: { isWhole: boolean; hasLength: boolean }): string {
    const { sizeBytes } = this.#server.options.geometry;
    const told = sizeBytes + (this.#server.fault("other-length") === undefined ? 0 : 1);
    const length = hasLength ? `Content-Length: ${isWhole ? told : end - start}` : "Connection: close";
    if (isWhole) return `HTTP/1.1 200 OK\r\n${length}\r\n\r\n`;
    return `HTTP/1.1 206 Partial Content\r\nContent-Range: bytes ${start}-${end - 1}/${told}\r\n${length}\r\n\r\n`;
  }

  #send(body: Body, bytes: Uint8Array): void {
    const server = this.#server;
    server.sentBytes += bytes.length;
    const end = body.at + bytes.length;
    const askedBytes = Math.min(end, body.asked.end) - Math.max(body.at, body.asked.start);
    server.unaskedBytes += bytes.length - Math.max(0, askedBytes);
    body.at = end;
    if (body.at >= Math.min(body.end, body.cutAt)) this.#body = undefined;
    this.#push(bytes);
    // A clean end: without a length it could be that of the body.
    if (body.at >= body.cutAt) this.push(null);
  }

  #push(bytes: Uint8Array | string): void {
    this.#hasRoom = this.push(bytes);
  }
}

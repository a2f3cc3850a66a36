import type { Clock, StreamContext } from "@riptide/core";
import {
  type Arrivals,
  createRandom,
  createSimulatedPieceProvider,
  createVirtualClock,
  type SimulatedPieceProvider,
  type VirtualClock,
} from "@riptide/sim";
import { createTimings, type Timings } from "../../src/index.ts";

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const INFO_HASH = "0123456789abcdef0123456789abcdef01234567";

export interface ContextOptions {
  readonly bytes: Uint8Array;
  readonly clock: Clock;
  readonly arrivals?: Arrivals;
  readonly pieceLengthBytes?: number;
  readonly name?: string;
  readonly index?: number;
}

export interface TestContext {
  readonly context: StreamContext & { readonly timings: Timings };
  readonly provider: SimulatedPieceProvider;
  /** Aborted when the client is gone. */
  readonly client: AbortController;
}

/** One request for one simulated file. */
export function createContext(options: ContextOptions): TestContext {
  const { bytes, clock, arrivals, name = "film.bin", index = 3 } = options;
  const provider = createSimulatedPieceProvider({
    bytes,
    pieceLengthBytes: options.pieceLengthBytes ?? 256 * KIB,
    clock,
    ...(arrivals === undefined ? {} : { arrivals }),
  });
  return requestOf(provider, clock, name, index);
}

/** Another request for a file that is there already. */
export function requestOf(provider: SimulatedPieceProvider, clock: Clock, name = "film.bin", index = 3): TestContext {
  const client = new AbortController();
  const timings = createTimings(clock);
  const file = { infoHash: INFO_HASH, index, name };
  return { provider, client, context: { provider, file, clock, timings, signal: client.signal } };
}

export function virtualClock(): VirtualClock {
  return createVirtualClock({ drain: drainEventLoop });
}

/** Resolves after everything that is ready to run has run. */
export function drainEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

export function randomBytes(lengthBytes: number): Uint8Array {
  return createRandom(7).bytes(lengthBytes);
}

/** Random bytes behind the header of a WebM file, which is all that a sniffer looks at. */
export function webmLikeBytes(lengthBytes: number): Uint8Array {
  const bytes = randomBytes(lengthBytes);
  bytes.set([0x1a, 0x45, 0xdf, 0xa3, 0x87, 0x42, 0x82, 0x84, ...Buffer.from("webm")]);
  return bytes;
}

export function get(headers: Record<string, string> = {}, path = "/stream"): Request {
  return new Request(`http://127.0.0.1${path}`, { headers });
}

export function head(headers: Record<string, string> = {}, path = "/stream"): Request {
  return new Request(`http://127.0.0.1${path}`, { method: "HEAD", headers });
}

/** Reads to the end. Rejects as the body does. */
export async function readAll(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export function readerOf(response: Response): ReadableStreamDefaultReader<Uint8Array> {
  if (response.body === null) throw new Error("The response has no body");
  return response.body.getReader();
}

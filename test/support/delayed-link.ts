import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";

export interface DelayedLink extends AsyncDisposable {
  /** On 127.0.0.1; leads to the target. */
  readonly port: number;
  /** What has come through from the target to those who connected, all its messages included. */
  receivedBytes(): number;
  /** How often somebody has connected. */
  connections(): number;
  /** What each connection gets from the target from now on; 0 = as fast as it comes. */
  limit(bytesPerSecond: number): void;
}

export interface DelayedLinkOptions {
  readonly targetPort: number;
  /** Half of it each way. */
  readonly roundTripMs: number;
  /** As for `limit`. */
  readonly bytesPerSecond: number;
}

/**
 * A TCP port that is as far from its target as a machine in another country, at the end of a line of that rate: each byte comes
 * out half a round trip after it went in, in order, and a side that takes no more bytes holds the other one up. Unlike the rate
 * limit of a client, which makes up for idle seconds by megabytes at once, the line is never faster than it is.
 */
export async function startDelayedLink(options: DelayedLinkOptions): Promise<DelayedLink> {
  const { targetPort, roundTripMs } = options;
  let { bytesPerSecond } = options;
  const delayMs = roundTripMs / 2;
  const sockets = new Set<Socket>();
  let receivedBytes = 0;
  let connections = 0;
  const server = createServer({ noDelay: true }, (near) => {
    connections += 1;
    const far = connect({ port: targetPort, host: "127.0.0.1", noDelay: true });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    }
    forward(near, far, { delayMs });
    forward(far, near, {
      delayMs,
      rate: () => bytesPerSecond,
      passed: (chunk) => {
        receivedBytes += chunk.length;
      },
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    receivedBytes: () => receivedBytes,
    connections: () => connections,
    limit: (limit) => {
      bytesPerSecond = limit;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Chunks of up to 64 KiB that are under way: with 20 ms each way, enough for 200 MB/s. */
const CHUNKS_UNDER_WAY = 64;

interface ChunkUnderWay {
  readonly chunk: Buffer;
  readonly dueMs: number;
}

interface Line {
  readonly delayMs: number;
  /** In bytes a second; 0 = any. */
  readonly rate?: () => number;
  readonly passed?: (chunk: Buffer) => void;
}

function forward(from: Socket, to: Socket, { delayMs, rate, passed }: Line): void {
  const inTurn = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let freeMs = 0;
    for await (const chunk of chunks) {
      const bytesPerSecond = rate?.() ?? 0;
      const lengthMs = bytesPerSecond === 0 ? 0 : (chunk.length / bytesPerSecond) * 1000;
      freeMs = Math.max(freeMs, performance.now()) + lengthMs;
      await delay(freeMs - performance.now());
      yield chunk;
    }
  };
  const departure = new Transform({
    readableObjectMode: true,
    readableHighWaterMark: CHUNKS_UNDER_WAY,
    transform(chunk: Buffer, _encoding, done) {
      done(null, { chunk, dueMs: performance.now() + delayMs } satisfies ChunkUnderWay);
    },
  });
  const arrival = async function* (underWay: AsyncIterable<ChunkUnderWay>): AsyncGenerator<Buffer> {
    for await (const { chunk, dueMs } of underWay) {
      await delay(dueMs - performance.now());
      passed?.(chunk);
      yield chunk;
    }
  };
  // A connection that breaks off takes the other one with it, as a path between two machines does.
  pipeline(from, inTurn, departure, arrival, to).catch(() => to.destroy());
}

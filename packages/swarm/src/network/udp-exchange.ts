import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import type { Clock } from "@riptide/core";
import type { PeerAddress } from "../types.ts";

/** A question, and how its answer is told from what else comes. */
export interface UdpQuestion {
  readonly packet: Uint8Array;
  readonly isAnswer: (datagram: Uint8Array) => boolean;
  /** Asked again after this, then after twice as long, and so on. */
  readonly firstWaitMs: number;
}

/** Datagrams to and from one other side. */
export interface UdpChannel {
  /** Connected to whoever takes the datagrams. */
  readonly socket: Socket;
  /** What is sent for a packet. */
  wrap(packet: Uint8Array): Uint8Array;
  /** The packet that a datagram brings; undefined if it is none from the other side. */
  unwrap(datagram: Uint8Array): Uint8Array | undefined;
  /** By which family the other side was reached; with a relay, known once it has answered. */
  readonly family: 4 | 6;
  close(): void;
}

export interface UdpExchange {
  readonly channel: UdpChannel;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Datagrams that go straight to the target. `source` is the address to send from; undefined: the system's choice. */
export async function openUdpChannel(
  target: PeerAddress,
  options: { readonly source: string | undefined; readonly signal: AbortSignal },
): Promise<UdpChannel> {
  const socket = await openUdpSocket(target, options);
  return { socket, wrap: same, unwrap: same, family: isIPv6(target.host) ? 6 : 4, close: () => socket.close() };
}

/**
 * Opens a connected socket: the kernel drops datagrams from anybody but the target, and reports a closed port at once. `source` is the address to
 * send from; undefined: the system's choice.
 */
export async function openUdpSocket(
  { host, port }: PeerAddress,
  { source, signal }: { readonly source: string | undefined; readonly signal: AbortSignal },
): Promise<Socket> {
  const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
  // A late "port unreachable" has nobody to wait for it, and must not end the process.
  socket.on("error", () => {});
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      const connect = (): void =>
        socket.connect(port, host, () => {
          socket.off("error", reject);
          resolve();
        });
      if (source === undefined) connect();
      else socket.bind({ address: source, port: 0 }, connect);
    });
    signal.throwIfAborted();
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

function same(bytes: Uint8Array): Uint8Array {
  return bytes;
}

/** Sends a question, again and again at doubling intervals, until its answer comes, the socket fails or `signal` aborts. */
export async function askUntilAnswered(
  question: UdpQuestion,
  { channel, clock, signal }: UdpExchange,
): Promise<Uint8Array> {
  signal.throwIfAborted();
  const { socket } = channel;
  return await new Promise((resolve, reject) => {
    let timer: Disposable | undefined;
    const release = () => {
      timer?.[Symbol.dispose]();
      socket.off("message", onMessage).off("error", onFailure);
      signal.removeEventListener("abort", onAbort);
    };
    const onMessage = (datagram: Uint8Array) => {
      const packet = channel.unwrap(datagram);
      if (packet === undefined || !question.isAnswer(packet)) return;
      release();
      resolve(packet);
    };
    const onFailure = (error: unknown) => {
      release();
      reject(error);
    };
    const onAbort = () => onFailure(signal.reason);
    const send = (waitMs: number) => {
      timer = clock.setTimer(waitMs, () => send(waitMs * 2));
      socket.send(channel.wrap(question.packet));
    };
    socket.on("message", onMessage).on("error", onFailure);
    signal.addEventListener("abort", onAbort, { once: true });
    send(question.firstWaitMs);
  });
}

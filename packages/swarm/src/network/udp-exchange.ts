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

export interface UdpExchange {
  readonly socket: Socket;
  readonly clock: Clock;
  readonly signal: AbortSignal;
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

/** Sends a question, again and again at doubling intervals, until its answer comes, the socket fails or `signal` aborts. */
export async function askUntilAnswered(
  question: UdpQuestion,
  { socket, clock, signal }: UdpExchange,
): Promise<Uint8Array> {
  signal.throwIfAborted();
  return await new Promise((resolve, reject) => {
    let timer: Disposable | undefined;
    const release = () => {
      timer?.[Symbol.dispose]();
      socket.off("message", onMessage).off("error", onFailure);
      signal.removeEventListener("abort", onAbort);
    };
    const onMessage = (datagram: Uint8Array) => {
      if (!question.isAnswer(datagram)) return;
      release();
      resolve(datagram);
    };
    const onFailure = (error: unknown) => {
      release();
      reject(error);
    };
    const onAbort = () => onFailure(signal.reason);
    const send = (waitMs: number) => {
      timer = clock.setTimer(waitMs, () => send(waitMs * 2));
      socket.send(question.packet);
    };
    socket.on("message", onMessage).on("error", onFailure);
    signal.addEventListener("abort", onAbort, { once: true });
    send(question.firstWaitMs);
  });
}

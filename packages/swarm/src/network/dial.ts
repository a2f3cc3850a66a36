import type { OnReadOpts, Socket } from "node:net";
import type { PeerAddress } from "../types.ts";
import type { Network, Socks5Proxy } from "./network.ts";
import { Socks5Greeting, type Socks5Request } from "./socks5.ts";

export interface DialListener {
  /** Every read goes into it: it is used again and again. */
  readonly buffer: Uint8Array;
  /** What is written from now on goes to the target. */
  readonly onConnect: () => void;
  /** Bytes from the target: part of `buffer`, and there during the call only. */
  readonly onBytes: (bytes: Uint8Array) => void;
}

/** Starts a TCP connection to an IP literal, through the proxy if there is one. Never throws: what fails is the socket. */
export function dial(network: Network, target: PeerAddress, { buffer, onConnect, onBytes }: DialListener): Socket {
  const { proxy } = network;
  if (proxy === undefined) {
    return network.connectDirectly(target, readInto(buffer, onBytes)).on("connect", onConnect);
  }
  let isThrough = false;
  const hear = (bytes: Uint8Array): void => {
    if (isThrough) return onBytes(bytes);
    const first = attempt(socket, () => greeting.hear(bytes));
    if (first === undefined) return;
    isThrough = true;
    onConnect();
    if (first.length > 0 && !socket.destroyed) onBytes(first);
  };
  const socket = network.connectDirectly(proxy, readInto(buffer, hear));
  const greeting = new Socks5Greeting(proxy, { command: "connect", target }, (bytes) => socket.write(bytes));
  return socket.on("connect", () => attempt(socket, () => greeting.start()));
}

/**
 * Opens a connection to a host through the proxy, which looks up its name. Rejects with `ProxyError`, the system's error or the signal's
 * reason.
 */
export async function openTunnel(
  network: Network,
  proxy: Socks5Proxy,
  target: PeerAddress,
  signal: AbortSignal,
): Promise<Socket> {
  return (await askProxy(network, proxy, { command: "connect", target }, signal)).socket;
}

/** The connection to the proxy once it has done what it was asked for, and where it is bound since. Rejects as `openTunnel` does. */
export async function askProxy(
  network: Network,
  proxy: Socks5Proxy,
  request: Socks5Request,
  signal: AbortSignal,
): Promise<{ readonly socket: Socket; readonly boundTo: PeerAddress | undefined }> {
  signal.throwIfAborted();
  const socket = network.connectDirectly(proxy);
  const greeting = new Socks5Greeting(proxy, request, (bytes) => socket.write(bytes));
  const onAbort = (): void => void socket.destroy(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      // Read like this, and not by "data", the socket is as good as new afterwards: it flows when its next owner wants it to.
      const onReadable = (): void => {
        const bytes: Buffer | null = socket.read();
        const first = bytes === null ? undefined : attempt(socket, () => greeting.hear(bytes));
        if (first === undefined) return;
        socket.off("readable", onReadable).off("error", reject).off("close", onClose);
        if (first.length > 0) socket.unshift(first);
        resolve();
      };
      const onClose = (): void => reject(new Error("The proxy hangs up"));
      socket.on("connect", () => attempt(socket, () => greeting.start()));
      socket.on("readable", onReadable).on("error", reject).on("close", onClose);
    });
    return { socket, boundTo: greeting.boundTo };
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Lets Node read into our buffer, and hands on what came. */
export function readInto(buffer: Uint8Array, onBytes: (bytes: Uint8Array) => void): { readonly onread: OnReadOpts } {
  const callback = (lengthBytes: number): boolean => {
    onBytes(buffer.subarray(0, lengthBytes));
    return true;
  };
  return { onread: { buffer, callback } };
}

/** A proxy that talks nonsense ends the connection, and nothing else. */
function attempt<Result>(socket: Socket, action: () => Result): Result | undefined {
  try {
    return action();
  } catch (error) {
    socket.destroy(error instanceof Error ? error : undefined);
    return undefined;
  }
}

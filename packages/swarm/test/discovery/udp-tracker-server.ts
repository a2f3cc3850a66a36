import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";

/** A datagram that a tracker got, with the two fields that every request has. */
export interface ReceivedRequest {
  readonly bytes: Buffer;
  readonly action: number;
  readonly transactionId: number;
  readonly remote: RemoteInfo;
}

/** A UDP tracker on loopback that does what a test wants. */
export interface UdpTestTracker extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly ReceivedRequest[];
  /** Resolves when `count` requests have come in all. */
  received(count: number): Promise<void>;
}

/** `answer` gives the datagrams that answer a request. */
export async function startUdpTracker(
  answer: (request: ReceivedRequest) => readonly Uint8Array[],
  family: 4 | 6 = 4,
): Promise<UdpTestTracker> {
  const socket: Socket = createSocket(family === 4 ? "udp4" : "udp6");
  const requests: ReceivedRequest[] = [];
  socket.on("message", (bytes, remote) => {
    const request = { bytes, remote, action: bytes.readUInt32BE(8), transactionId: bytes.readUInt32BE(12) };
    requests.push(request);
    for (const datagram of answer(request)) socket.send(datagram, remote.port, remote.address);
    socket.emit("received");
  });
  const host = family === 4 ? "127.0.0.1" : "::1";
  socket.bind(0, host);
  await once(socket, "listening");
  return {
    url: `udp://${family === 4 ? host : `[${host}]`}:${socket.address().port}/announce`,
    requests,
    received: async (count) => {
      while (requests.length < count) await once(socket, "received");
    },
    [Symbol.asyncDispose]: async () => {
      socket.close();
      await once(socket, "close");
    },
  };
}

/** BEP 15 connect response. */
export function connectResponse(transactionId: number, connectionId: bigint): Uint8Array {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32BE(transactionId, 4);
  bytes.writeBigUInt64BE(connectionId, 8);
  return bytes;
}

/** BEP 15 announce response: an interval of 1800 s, 3 leechers, 4 seeders. */
export function announceResponse(transactionId: number, peers: readonly number[] = []): Uint8Array {
  const header = Buffer.alloc(20);
  for (const [index, value] of [1, transactionId, 1_800, 3, 4].entries()) header.writeUInt32BE(value, index * 4);
  return Buffer.concat([header, Uint8Array.from(peers)]);
}

/** BEP 15 error response. */
export function errorResponse(transactionId: number, message: string): Uint8Array {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(3);
  header.writeUInt32BE(transactionId, 4);
  return Buffer.concat([header, Buffer.from(message)]);
}

import { connect, type Socket } from "node:net";

/** What a client saw of a connection until it was closed. */
export interface RawAnswer {
  readonly head: string;
  readonly body: Buffer;
  /** `ECONNRESET` if the server broke the connection off. */
  readonly errorCode: string | undefined;
}

/** Sends these bytes, lines joined by CRLF, and reads until the server closes. */
export function rawRequest(port: number, lines: readonly string[], host = "127.0.0.1"): Promise<RawAnswer> {
  return readToEnd(openRequest(port, lines, host));
}

/** Sends a request and leaves the rest to the test. */
export function openRequest(port: number, lines: readonly string[], host = "127.0.0.1"): Socket {
  const socket = connect(port, host);
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  return socket;
}

export function readToEnd(socket: Socket): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let errorCode: string | undefined;
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      errorCode = error.code;
    });
    socket.on("close", () => {
      const all = Buffer.concat(chunks);
      const headEnd = all.indexOf("\r\n\r\n");
      resolve({ head: all.toString("latin1", 0, headEnd), body: all.subarray(headEnd + 4), errorCode });
    });
  });
}

/** The numeric status of an answer. */
export function statusOf(answer: RawAnswer): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer.head)?.[1]);
}

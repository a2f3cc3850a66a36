import type { ServerResponse } from "node:http";
import type { ChunkPool } from "@riptide/core";

/** Node sets these from the framing of the message; a response must not bring its own. RFC 9110 §7.6.1. */
const HOP_BY_HOP_HEADERS = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer"]);

/**
 * Writes a response to its socket; resolves when it is written or the client is gone.
 *
 * The body is read only as fast as the socket takes it, and cancelled as soon as the socket closes. A body that fails,
 * or that is not as long as its `Content-Length`, never ends as if it were complete: the socket is destroyed, and the
 * promise rejects with what went wrong. Chunks that were lent go back to `chunks` once the socket has taken them.
 */
export async function sendResponse(response: Response, outgoing: ServerResponse, chunks?: ChunkPool): Promise<void> {
  if (outgoing.destroyed) {
    await response.body?.cancel();
    return;
  }
  outgoing.writeHead(response.status, headersOf(response));
  if (response.body === null) {
    outgoing.end();
    return;
  }
  outgoing.flushHeaders(); // a player may use them long before the swarm has sent the first bytes
  const reader = response.body.getReader();
  const cancel = (): void => void reader.cancel().catch(() => {});
  outgoing.once("close", cancel);
  try {
    await pump(reader, outgoing, { contentLength: response.headers.get("content-length"), chunks });
    outgoing.end();
  } catch (error) {
    if (outgoing.destroyed) return; // the client went first, and the body noticed
    breakOff(outgoing);
    throw error;
  } finally {
    outgoing.off("close", cancel);
  }
}

async function pump(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  outgoing: ServerResponse,
  { contentLength, chunks }: { readonly contentLength: string | null; readonly chunks: ChunkPool | undefined },
): Promise<void> {
  const expectedBytes = contentLength === null ? undefined : Number(contentLength);
  let writtenBytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (outgoing.destroyed) return;
    if (done) break;
    writtenBytes += value.length;
    if (expectedBytes !== undefined && writtenBytes > expectedBytes) break;
    const isTaken = outgoing.write(value, (error) => {
      if (!error) chunks?.giveBack(value);
    });
    if (!isTaken) await drained(outgoing);
  }
  if (expectedBytes !== undefined && writtenBytes !== expectedBytes) {
    void reader.cancel().catch(() => {});
    throw new Error(`A body of ${expectedBytes} bytes was declared, and ${writtenBytes} came.`);
  }
}

function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      outgoing.off("drain", settle);
      outgoing.off("close", settle);
      resolve();
    };
    outgoing.once("drain", settle);
    outgoing.once("close", settle);
  });
}

/** Short of its length or of its last chunk, the client sees that the body broke off. HTTP/1.0 may have neither. */
function breakOff(outgoing: ServerResponse): void {
  if (outgoing.req.httpVersion === "1.0") outgoing.socket?.resetAndDestroy();
  else outgoing.destroy();
}

function headersOf(response: Response): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of response.headers) {
    if (!HOP_BY_HOP_HEADERS.has(name)) headers[name] = value;
  }
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) headers["set-cookie"] = cookies;
  return headers;
}

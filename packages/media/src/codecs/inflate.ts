import { concatenate } from "../reader.ts";

/**
 * What a zlib stream (RFC 1950) holds; undefined if it is damaged or if more than `limitBytes` come out of it, which then
 * are not made. Never rejects.
 */
export async function inflate(compressed: Uint8Array, limitBytes: number): Promise<Uint8Array | undefined> {
  const { readable, writable } = new DecompressionStream("deflate");
  const writing = feed(writable.getWriter(), compressed);
  const reader = readable.getReader();
  const parts: Uint8Array[] = [];
  let lengthBytes = 0;
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      lengthBytes += read.value.length;
      if (lengthBytes > limitBytes) {
        await reader.cancel();
        return undefined;
      }
      parts.push(read.value);
    }
    return concatenate(parts);
  } catch {
    return undefined;
  } finally {
    await writing;
  }
}

/** What browsers and Node agree on of a `WritableStreamDefaultWriter`. */
interface Writer {
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  close(): Promise<void>;
}

/** A failure is told to who reads. */
async function feed(writer: Writer, bytes: Uint8Array): Promise<void> {
  try {
    await writer.write(new Uint8Array(bytes));
    await writer.close();
  } catch {
    // Damaged, or no longer read.
  }
}

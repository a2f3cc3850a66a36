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
    return joined(parts, lengthBytes);
  } catch {
    return undefined;
  } finally {
    await writing;
  }
}

/** A failure is told to who reads. */
async function feed(writer: WritableStreamDefaultWriter<Uint8Array>, bytes: Uint8Array): Promise<void> {
  try {
    await writer.write(bytes);
    await writer.close();
  } catch {
    // Damaged, or no longer read.
  }
}

function joined(parts: readonly Uint8Array[], lengthBytes: number): Uint8Array {
  const whole = new Uint8Array(lengthBytes);
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}

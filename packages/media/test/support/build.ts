/** Builders of small media headers, byte by byte, for what the corpus lacks. */

/** Bytes, Latin-1 text and other parts, joined. */
export function bytes(...parts: (number | string | Uint8Array)[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts.map((part) => (typeof part === "object" ? part : oneByOne(part)))));
}

export const zeros = (length: number): Uint8Array => new Uint8Array(length);

export const u16 = (value: number): Uint8Array => bigEndian(value, 2);
export const u24 = (value: number): Uint8Array => bigEndian(value, 3);
export const u32 = (value: number): Uint8Array => bigEndian(value, 4);
export const u64 = (value: number): Uint8Array => bigEndian(value, 8);
export const u16le = (value: number): Uint8Array => bigEndian(value, 2).reverse();
export const u32le = (value: number): Uint8Array => bigEndian(value, 4).reverse();
export const u64le = (value: number): Uint8Array => bigEndian(value, 8).reverse();

export function f64(value: number): Uint8Array {
  const result = new Uint8Array(8);
  new DataView(result.buffer).setFloat64(0, value);
  return result;
}

export function fromHex(hex: string): Uint8Array {
  const digits = hex.replace(/\s/g, "");
  return Uint8Array.from({ length: digits.length / 2 }, (_, index) =>
    Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  );
}

/** An ISOBMFF box. */
export function box(type: string, ...content: (number | string | Uint8Array)[]): Uint8Array {
  const body = bytes(...content);
  return bytes(u32(body.length + 8), type, body);
}

/** An EBML element with an eight-byte size. */
export function element(id: number, ...content: (number | string | Uint8Array)[]): Uint8Array {
  const body = bytes(...content);
  return bytes(elementId(id), 0x01, u64(body.length).subarray(1), body);
}

/** The start of an EBML element of unknown size. */
export function unknownSizeElement(id: number): Uint8Array {
  return bytes(elementId(id), 0x01, zeros(7).fill(0xff));
}

/** An EBML element header that claims any size. */
export function claimingElement(id: number, contentLengthBytes: number): Uint8Array {
  return bytes(elementId(id), 0x01, u64(contentLengthBytes).subarray(1));
}

/** A RIFF chunk, padded to an even length. */
export function chunk(id: string, ...content: (number | string | Uint8Array)[]): Uint8Array {
  const body = bytes(...content);
  return bytes(id, u32le(body.length), body, zeros(body.length & 1));
}

function oneByOne(part: number | string): Uint8Array {
  return typeof part === "number" ? Uint8Array.of(part) : Uint8Array.from(Buffer.from(part, "latin1"));
}

function elementId(id: number): Uint8Array {
  const lengthBytes = Math.ceil((32 - Math.clz32(id)) / 8);
  return bigEndian(id, lengthBytes);
}

function bigEndian(value: number, lengthBytes: number): Uint8Array {
  const result = new Uint8Array(lengthBytes);
  let rest = value;
  for (let index = lengthBytes - 1; index >= 0; index -= 1) {
    result[index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return result;
}

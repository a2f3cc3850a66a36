/** An element's ID and length, as they stand in front of its content. */
export interface ElementHeader {
  readonly id: number;
  readonly headerLengthBytes: number;
  /** `Infinity` for an element of unknown size (RFC 8794 §6.2). */
  readonly contentLengthBytes: number;
}

export interface Element {
  readonly id: number;
  readonly content: Uint8Array;
}

/** EBMLMaxIDLength and EBMLMaxSizeLength that Matroska allows (RFC 9559 §11.1). */
const ID_LENGTH_LIMIT_BYTES = 4;
const SIZE_LENGTH_LIMIT_BYTES = 8;

/** Enough bytes to hold any element header. */
export const ELEMENT_HEADER_LIMIT_BYTES = ID_LENGTH_LIMIT_BYTES + SIZE_LENGTH_LIMIT_BYTES;

/** The element header at `position`, or undefined if the bytes are none or are cut off. */
export function elementHeaderAt(bytes: Uint8Array, position: number): ElementHeader | undefined {
  const idLengthBytes = variableLength(bytes[position]);
  if (idLengthBytes === undefined || idLengthBytes > ID_LENGTH_LIMIT_BYTES) return undefined;
  const sizePosition = position + idLengthBytes;
  const sizeLengthBytes = variableLength(bytes[sizePosition]);
  if (sizeLengthBytes === undefined || sizePosition + sizeLengthBytes > bytes.length) return undefined;
  return {
    id: bigEndian(bytes, position, sizePosition),
    headerLengthBytes: idLengthBytes + sizeLengthBytes,
    contentLengthBytes: dataSize(bytes, sizePosition, sizeLengthBytes),
  };
}

/** Elements side by side that are looked at, where their list is not an index. */
const SIBLINGS_LIMIT = 1000;

/**
 * The children of a master element, at most `limit`. They end early, without complaint, at the first child that is no element or that
 * reaches beyond its parent: what came before it is as good as it was.
 */
export function* elementsOf(content: Uint8Array, limit = SIBLINGS_LIMIT): Generator<Element> {
  let position = 0;
  for (let count = 0; count < limit && position < content.length; count += 1) {
    const header = elementHeaderAt(content, position);
    if (header === undefined) return;
    const start = position + header.headerLengthBytes;
    const end = start + header.contentLengthBytes;
    if (end > content.length) return;
    yield { id: header.id, content: content.subarray(start, end) };
    position = end;
  }
}

/** The children of a master element by ID; of several with one ID the first counts. */
export function fieldsOf(content: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const fields = new Map<number, Uint8Array>();
  for (const element of elementsOf(content)) {
    if (!fields.has(element.id)) fields.set(element.id, element.content);
  }
  return fields;
}

/** An Unsigned Integer Element (RFC 8794 §7.2); undefined if it is absent or too long. */
export function unsignedInteger(content: Uint8Array | undefined): number | undefined {
  return content === undefined || content.length > 8 ? undefined : bigEndian(content, 0, content.length);
}

/** A Float Element: 0, 4 or 8 octets (RFC 8794 §7.3); undefined if it is absent or of another length. */
export function floatingPoint(content: Uint8Array | undefined): number | undefined {
  if (content === undefined) return undefined;
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  if (content.length === 0) return 0;
  if (content.length === 4) return view.getFloat32(0);
  return content.length === 8 ? view.getFloat64(0) : undefined;
}

/** A Variable-Size Integer (RFC 8794 §4): a track number, or the size of a frame in a lace. */
export interface VariableInteger {
  readonly value: number;
  readonly lengthBytes: number;
}

/** The Variable-Size Integer at `position`, or undefined if the bytes are none or are cut off. */
export function variableIntegerAt(bytes: Uint8Array, position: number): VariableInteger | undefined {
  const lengthBytes = variableLength(bytes[position]);
  if (lengthBytes === undefined || position + lengthBytes > bytes.length) return undefined;
  return { value: withoutMarker(bytes, position, lengthBytes), lengthBytes };
}

/** Octets of a Variable-Size Integer, told by the leading zeros of its first octet (RFC 8794 §4.1). */
function variableLength(firstByte: number | undefined): number | undefined {
  return firstByte === undefined || firstByte === 0 ? undefined : Math.clz32(firstByte) - 23;
}

/** Element Data Size; all ones mean "unknown" (RFC 8794 §6.2). */
function dataSize(bytes: Uint8Array, position: number, lengthBytes: number): number {
  const firstMask = 0xff >> lengthBytes;
  let isUnknown = ((bytes[position] ?? 0) & firstMask) === firstMask;
  for (let index = 1; isUnknown && index < lengthBytes; index += 1) isUnknown = bytes[position + index] === 0xff;
  return isUnknown ? Number.POSITIVE_INFINITY : withoutMarker(bytes, position, lengthBytes);
}

function withoutMarker(bytes: Uint8Array, position: number, lengthBytes: number): number {
  const first = (bytes[position] ?? 0) & (0xff >> lengthBytes);
  return first * 256 ** (lengthBytes - 1) + bigEndian(bytes, position + 1, position + lengthBytes);
}

function bigEndian(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let index = start; index < end; index += 1) value = value * 256 + (bytes[index] ?? 0);
  return value;
}

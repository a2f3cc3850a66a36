/** Bits in BEP 3 order: index 0 is the highest bit of the first byte. An index outside the bytes reads as not set. */
export function hasBit(bits: Uint8Array, index: number): boolean {
  return ((bits[index >>> 3] ?? 0) & (0x80 >>> (index & 7))) !== 0;
}

export function setBit(bits: Uint8Array, index: number): void {
  bits[index >>> 3] = (bits[index >>> 3] ?? 0) | (0x80 >>> (index & 7));
}

/** Bytes that hold `count` bits. */
export function bitsByteLength(count: number): number {
  return Math.ceil(count / 8);
}

export function clearBit(bits: Uint8Array, index: number): void {
  bits[index >>> 3] = (bits[index >>> 3] ?? 0) & ~(0x80 >>> (index & 7));
}

/** How many are set. */
export function countBits(bits: Uint8Array): number {
  let count = 0;
  for (const byte of bits) count += BITS_OF_BYTE[byte]!;
  return count;
}

const BITS_OF_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll("0", "").length);

/** Those that are set in `bits`, and not in `others`. */
export function bitsBeyond(bits: Uint8Array, others: Uint8Array): Uint8Array {
  return bits.map((byte, at) => byte & ~(others[at] ?? 0));
}

/** The indices of those that are set, in order. O(bytes) where few are. */
export function* setBitsOf(bits: Uint8Array): Iterable<number> {
  for (const [at, byte] of bits.entries()) {
    if (byte === 0) continue;
    for (let index = at * 8; index < at * 8 + 8; index += 1) if (hasBit(bits, index)) yield index;
  }
}

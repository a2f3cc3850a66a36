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
  for (const byte of bits) for (let rest = byte; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

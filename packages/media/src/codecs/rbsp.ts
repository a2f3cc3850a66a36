import { BitCursor } from "./bit-cursor.ts";

/** Parameter sets are some hundred bytes; what is longer is cut off, for nothing we want comes that late. */
const PAYLOAD_LIMIT_BYTES = 4096;

/** Longest prefix of an Exp-Golomb code in H.264 and HEVC (values of 32 bits). */
const PREFIX_LIMIT_BITS = 32;

/**
 * Bits of a NAL unit behind its header, without the emulation prevention bytes (ITU-T H.264 §7.4.1.1, H.265 §7.4.2.2).
 * @param headerLengthBytes 1 in H.264, 2 in HEVC
 */
export function payloadBits(nalUnit: Uint8Array, headerLengthBytes: number): BitCursor {
  return new BitCursor(payloadBytes(nalUnit, headerLengthBytes));
}

/** The same as bytes, at most the first 4096. */
export function payloadBytes(nalUnit: Uint8Array, headerLengthBytes: number): Uint8Array {
  const source = nalUnit.subarray(headerLengthBytes, headerLengthBytes + PAYLOAD_LIMIT_BYTES);
  const payload = new Uint8Array(source.length);
  let length = 0;
  let zeros = 0;
  for (const byte of source) {
    const isEmulationPrevention = zeros >= 2 && byte === 3;
    zeros = byte === 0 ? zeros + 1 : 0;
    if (!isEmulationPrevention) payload[length++] = byte;
  }
  return payload.subarray(0, length);
}

/** ue(v) of H.264 §9.1 and H.265 §9.2. Beyond the end, where all bits are 0, it is some large number. */
export function readUnsigned(bits: BitCursor): number {
  let prefix = 0;
  while (prefix < PREFIX_LIMIT_BITS && bits.read(1) === 0) prefix += 1;
  return 2 ** prefix - 1 + bits.read(prefix);
}

/** se(v) of H.264 §9.1.1 and H.265 §9.2.2. */
export function readSigned(bits: BitCursor): number {
  const code = readUnsigned(bits);
  return code % 2 === 0 ? -code / 2 : (code + 1) / 2;
}

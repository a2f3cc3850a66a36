/** The header of a PES packet (ISO/IEC 13818-1 §2.4.3.6). */
export interface PesHeader {
  /** Where the payload starts. */
  readonly headerLengthBytes: number;
  /** How long the payload is; Infinity if it ends where the next packet begins. */
  readonly payloadLengthBytes: number;
  /** 33 bits of 1/90 000 s; undefined where it is not told. */
  readonly ptsTicks: number | undefined;
  /** As `ptsTicks`, which it equals where it is not told. */
  readonly dtsTicks: number | undefined;
}

/** Bytes up to PES_header_data_length. */
export const PES_FIXED_BYTES = 9;
/** PES_header_data_length has eight bits. */
export const PES_HEADER_LIMIT_BYTES = PES_FIXED_BYTES + 255;

/** Reads the header that `bytes` begin with; undefined if there is none, or if its end is missing. */
export function parsePesHeader(bytes: Uint8Array): PesHeader | undefined {
  const [first, second, third, , high = 0, low = 0, marker = 0, flags = 0, dataLength = 0] = bytes;
  const headerLengthBytes = PES_FIXED_BYTES + dataLength;
  const isStart = first === 0 && second === 0 && third === 1;
  // Streams of which the header is another one (padding, private_stream_2, …) begin neither with the bits 10.
  if (!isStart || marker >> 6 !== 2 || bytes.length < headerLengthBytes) return undefined;
  const toldBytes = (high << 8) | low;
  const hasPts = (flags & 0x80) !== 0 && dataLength >= TIME_BYTES;
  const hasDts = (flags & 0xc0) === 0xc0 && dataLength >= 2 * TIME_BYTES;
  const ptsTicks = hasPts ? timeAt(bytes, PES_FIXED_BYTES) : undefined;
  return {
    headerLengthBytes,
    // PES_packet_length counts from behind itself; 0 stands for "not told".
    payloadLengthBytes: toldBytes === 0 ? Number.POSITIVE_INFINITY : Math.max(0, toldBytes + 6 - headerLengthBytes),
    ptsTicks,
    dtsTicks: hasDts ? timeAt(bytes, PES_FIXED_BYTES + TIME_BYTES) : ptsTicks,
  };
}

const TIME_BYTES = 5;

/** 33 bits with marker bits in between (§2.4.3.7). */
function timeAt(bytes: Uint8Array, position: number): number {
  const at = (index: number): number => bytes[position + index] ?? 0;
  return ((at(0) >> 1) & 7) * 2 ** 30 + ((at(1) << 22) | ((at(2) >> 1) << 15) | (at(3) << 7) | (at(4) >> 1));
}

import { ByteCursor } from "../byte-cursor.ts";
import { damagedMedia } from "../damaged.ts";

/** What the headers of Vorbis say of the length of packets (Vorbis I §4.2). */
export interface VorbisModes {
  readonly shortSamples: number;
  readonly longSamples: number;
  readonly hasOneSize: boolean;
  /** By mode number, whether packets have the long size. */
  readonly isLong: readonly boolean[];
}

/**
 * Reads the three headers of Vorbis as Matroska laces them (Matroska Codec Specifications §4.4, A_VORBIS).
 * Throws `damaged_media` if they are no headers of Vorbis.
 */
export function readVorbisModes(codecPrivate: Uint8Array): VorbisModes {
  const [identification, setup] = splitHeaders(codecPrivate);
  const blockSizes = identification[BLOCK_SIZES_BYTE] ?? 0;
  const [shortSamples, longSamples] = [1 << (blockSizes & 15), 1 << (blockSizes >> 4)];
  // §4.2.2: from 64 to 8192, the first not larger than the second.
  if (shortSamples < 64 || longSamples > 8192 || shortSamples > longSamples) {
    throw damagedMedia("its Vorbis header has impossible block sizes");
  }
  return { shortSamples, longSamples, hasOneSize: shortSamples === longSamples, isLong: readModes(setup) };
}

/** A packet gives a quarter of its own length and of that of the packet before it (§4.3.8); a header gives none. */
export function vorbisMeter(
  modes: VorbisModes,
): (packet: Uint8Array, previous: Uint8Array | undefined) => number | undefined {
  // §4.3.1: packet type 1, mode number as many bits as the highest mode needs, least significant bit first.
  const modeMask = (1 << (32 - Math.clz32(modes.isLong.length - 1))) - 1;
  const blockSamples = (packet: Uint8Array): number | undefined => {
    const [first] = packet;
    if (first === undefined || (first & 1) !== 0) return undefined;
    return modes.isLong[(first >> 1) & modeMask] === true ? modes.longSamples : modes.shortSamples;
  };
  return (packet, previous) => {
    const own = blockSamples(packet);
    if (own === undefined) return undefined;
    return (own + ((previous && blockSamples(previous)) ?? own)) / 4;
  };
}

/** §4.2.2: after packet type 1, "vorbis" 6, version 4, channels 1, rate 4 and three bitrates of 4. */
const BLOCK_SIZES_BYTE = 28;

/** Number of packets minus one, then Xiph lacing of all lengths but the last. */
function splitHeaders(codecPrivate: Uint8Array): [Uint8Array, Uint8Array] {
  const cursor = new ByteCursor(codecPrivate, "Vorbis header");
  if (cursor.u8() !== 2) throw damagedMedia("its Vorbis header has not three parts");
  const identificationLength = xiphLength(cursor);
  const commentLength = xiphLength(cursor);
  const identification = cursor.bytes(identificationLength);
  return [identification, cursor.skip(commentLength).rest()];
}

function xiphLength(cursor: ByteCursor): number {
  let length = 0;
  for (;;) {
    const octet = cursor.u8();
    length += octet;
    if (octet < 255) return length;
  }
}

/** §4.2.4: a mode is blockflag 1, windowtype 16, transformtype 16, mapping 8; both types are 0. */
const MODE_BITS = 41;
const MODES_MAX = 64;
const COUNT_BITS = 6;

/**
 * The modes are the last thing in the setup header, whose other parts are long to read: they are found from its end, where the
 * framing bit is, as the largest number of modes that is preceded by that number. libvorbis and ffmpeg's parser do the same.
 */
function readModes(setup: Uint8Array): boolean[] {
  const bit = (at: number): number => ((setup[at >> 3] ?? 0) >> (at & 7)) & 1;
  const value = (at: number, bits: number): number => {
    let result = 0;
    for (let index = 0; index < bits; index += 1) result |= bit(at + index) << index;
    return result;
  };
  const framing = framingBit(setup, bit);
  let found = 0;
  for (let count = 1; count <= MODES_MAX; count += 1) {
    const start = framing - MODE_BITS * count;
    if (start < COUNT_BITS || value(start + 1, 16) !== 0 || value(start + 17, 16) !== 0) break;
    if (value(start - COUNT_BITS, COUNT_BITS) === count - 1) found = count;
  }
  if (found === 0) throw damagedMedia("its Vorbis header names no modes");
  return Array.from({ length: found }, (_, index) => bit(framing - MODE_BITS * (found - index)) === 1);
}

/** The last bit that is set, in the last byte that is not zero. */
function framingBit(setup: Uint8Array, bit: (at: number) => number): number {
  let at = setup.length * 8 - 1;
  while (at >= 0 && bit(at) === 0) at -= 1;
  return at;
}

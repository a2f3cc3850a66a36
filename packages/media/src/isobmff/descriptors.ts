import { ByteCursor } from "../byte-cursor.ts";

/** What an elementary stream descriptor tells of a codec. */
export interface ElementaryStream {
  /** ISO/IEC 14496-1 table 5, "objectTypeIndication". */
  readonly objectType: number;
  /** DecoderSpecificInfo: for AAC, the AudioSpecificConfig. */
  readonly decoderConfig: Uint8Array;
}

/** ISO/IEC 14496-1 §7.2.2.1: tags of the descriptors. */
const ES_DESCRIPTOR = 0x03;
const DECODER_CONFIG_DESCRIPTOR = 0x04;
const DECODER_SPECIFIC_INFO = 0x05;

/**
 * Parses an `esds` box (ISO/IEC 14496-14 §5.6): ES_Descriptor, in it DecoderConfigDescriptor, in it
 * DecoderSpecificInfo. Undefined if the nesting is another. Throws `damaged_media` if it is cut off.
 */
export function parseElementaryStream(esds: Uint8Array): ElementaryStream | undefined {
  const cursor = new ByteCursor(esds, "stream descriptor").skip(4);
  if (cursor.u8() !== ES_DESCRIPTOR) return undefined;
  readLength(cursor);
  skipEsFields(cursor);
  if (cursor.u8() !== DECODER_CONFIG_DESCRIPTOR) return undefined;
  readLength(cursor);
  const objectType = cursor.u8();
  // Stream type, buffer size, maximum and average bit rate (§7.2.6.6).
  cursor.skip(12);
  if (cursor.remaining === 0 || cursor.u8() !== DECODER_SPECIFIC_INFO) {
    return { objectType, decoderConfig: new Uint8Array(0) };
  }
  const lengthBytes = readLength(cursor);
  return { objectType, decoderConfig: cursor.bytes(Math.min(lengthBytes, cursor.remaining)) };
}

/** §7.2.6.5: ES_ID and flags, then what the flags announce. */
function skipEsFields(cursor: ByteCursor): void {
  cursor.skip(2);
  const flags = cursor.u8();
  if ((flags & 0x80) !== 0) cursor.skip(2);
  if ((flags & 0x40) !== 0) cursor.skip(cursor.u8());
  if ((flags & 0x20) !== 0) cursor.skip(2);
}

/** §8.3.3: a length of at most four octets, seven bits each. */
function readLength(cursor: ByteCursor): number {
  let lengthBytes = 0;
  for (let octet = 0; octet < 4; octet += 1) {
    const byte = cursor.u8();
    lengthBytes = lengthBytes * 128 + (byte & 0x7f);
    if ((byte & 0x80) === 0) break;
  }
  return lengthBytes;
}

import { BitCursor } from "../codecs/bit-cursor.ts";

/**
 * What the sound of a frame looks like behind the decoder: its rate and its channels, as a word that only has to be equal for
 * frames that are alike. Undefined for what is no frame of its codec.
 */

/** ATSC A/52 §5.3, §5.4.2: syncword 16, crc1 16, fscod 2, frmsizecod 6, bsid 5, bsmod 3, acmod 3, then what acmod asks for, lfeon 1. */
export function ac3Format(frame: Uint8Array): string | undefined {
  if (frame.length < 8 || frame[0] !== 0x0b || frame[1] !== 0x77) return undefined;
  const bits = new BitCursor(frame).skip(32);
  const rate = bits.read(2);
  const channels = bits.skip(14).read(3);
  const hasCentre = (channels & 1) !== 0 && channels !== 1;
  const hasSurround = (channels & 4) !== 0;
  const isStereo = channels === 2;
  bits.skip(2 * [hasCentre, hasSurround, isStereo].filter(Boolean).length);
  return `${rate} ${channels} ${bits.read(1)}`;
}

/** Substreams that are looked at: eight independent ones, with one dependent one each. */
const SUBSTREAMS_MAX = 16;

/** ETSI TS 102 366 §E.1.2.1: channels add up over substreams; the bits of a fifth octet are fscod 2, numblkscod 2, acmod 3, lfeon 1. */
export function eac3Format(packet: Uint8Array): string | undefined {
  const substreams = new Set<string>();
  let position = 0;
  for (let count = 0; count < SUBSTREAMS_MAX; count += 1) {
    const [high, low, type = 0, length = 0, format = 0] = packet.subarray(position);
    if (high !== 0x0b || low !== 0x77) break;
    substreams.add(`${type >> 3} ${format & 0xcf}`);
    position += 2 * ((((type & 7) << 8) | length) + 1);
  }
  return substreams.size === 0 ? undefined : [...substreams].join();
}

/**
 * ETSI TS 102 114 §5.3.1: SYNC 32, FTYPE 1, SHORT 5, CPF 1, NBLKS 7, FSIZE 14, AMODE 6, SFREQ 4, RATE 5, six flags, of which one is
 * EXT_AUDIO_ID 3 long, ASPF 1, LFF 2.
 */
export function dtsFormat(frame: Uint8Array): string | undefined {
  const bits = new BitCursor(frame);
  if (bits.read(32) !== 0x7ffe8001) return undefined;
  const channels = bits.skip(28).read(6);
  const rate = bits.read(4);
  const hasLowFrequencies = bits.skip(15).read(2) !== 0;
  // Amodes 2 to 4 are ways to say stereo.
  return `${rate} ${channels === 3 || channels === 4 ? 2 : channels} ${hasLowFrequencies}`;
}

/** ISO/IEC 11172-3 §2.4.1.3: syncword 11, version 2, layer 2, protection 1, bitrate 4, rate 2, padding 1, private 1, mode 2. */
export function mpegAudioFormat(frame: Uint8Array): string | undefined {
  const bits = new BitCursor(frame);
  if (bits.read(11) !== 0x7ff) return undefined;
  const version = bits.read(4);
  const rate = bits.skip(5).read(2);
  const isMono = bits.skip(2).read(2) === 3;
  return `${version} ${rate} ${isMono}`;
}

/** RFC 9639 §9.1: sync 15, strategy 1, block size 4, rate 4, channels 4, bits 3. Channel codes 8 to 10 are ways to say stereo. */
export function flacFormat(frame: Uint8Array): string | undefined {
  if (frame.length < 4 || frame[0] !== 0xff || (frame[1]! & 0xfe) !== 0xf8) return undefined;
  const bits = new BitCursor(frame).skip(20);
  const rate = bits.read(4);
  const channels = bits.read(4);
  return `${rate} ${channels >= 8 && channels <= 10 ? 1 : channels} ${bits.read(3)}`;
}

import { BitCursor } from "../codecs/bit-cursor.ts";

/** How long frames play, in samples, by their own headers. Each is undefined for what is no frame of its codec. */

/** ATSC A/52 §5.1: six blocks of 256 samples, always. */
export function ac3Samples(frame: Uint8Array): number | undefined {
  return frame[0] === 0x0b && frame[1] === 0x77 ? 6 * 256 : undefined;
}

/** Eight independent and as many dependent substreams, of frames of one block (ETSI TS 102 366 §E.1.3.1.2). */
const SYNC_FRAMES_MAX = 96;

/** ETSI TS 102 366 §E.1.2.1: the first independent substream tells; the others sound at the same time. */
export function eac3Samples(packet: Uint8Array): number | undefined {
  let samples = 0;
  let position = 0;
  for (
    let count = 0;
    count < SYNC_FRAMES_MAX && packet[position] === 0x0b && packet[position + 1] === 0x77;
    count += 1
  ) {
    const bits = new BitCursor(packet.subarray(position + 2, position + 5));
    const streamType = bits.read(2);
    const substream = bits.read(3);
    const lengthBytes = 2 * (bits.read(11) + 1);
    // fscod 3 stands for half rates, which always have six blocks: fscod2 in place of numblkscod.
    const blocks = bits.read(2) === 3 ? 6 : EAC3_BLOCKS[bits.read(2)]!;
    if (streamType !== DEPENDENT && substream === 0) samples += blocks * 256;
    position += lengthBytes;
  }
  return samples === 0 ? undefined : samples;
}

const DEPENDENT = 1;
const EAC3_BLOCKS = [1, 2, 3, 6];

/** ETSI TS 102 114 §5.3.1: SYNC 32, FTYPE 1, SHORT 5, CPF 1, NBLKS 7; a block has 32 samples. The extensions add none. */
export function dtsSamples(frame: Uint8Array): number | undefined {
  const bits = new BitCursor(frame);
  if (bits.read(32) !== 0x7ffe8001) return undefined;
  const samples = 32 * (bits.skip(7).read(7) + 1);
  return samples < DTS_SAMPLES_MIN ? undefined : samples;
}

/** NBLKS below 5 is invalid. */
const DTS_SAMPLES_MIN = 32 * 6;

/** ISO/IEC 11172-3 §2.4.2.3 and ISO/IEC 13818-3 §2.4.2.3: syncword 11, version 2, layer 2. */
export function mpegAudioSamples(frame: Uint8Array): number | undefined {
  const bits = new BitCursor(frame);
  if (bits.read(11) !== 0x7ff) return undefined;
  const isMpeg1 = bits.read(2) === 3;
  switch (bits.read(2)) {
    case 3:
      return 384;
    case 2:
      return 1152;
    case 1:
      return isMpeg1 ? 1152 : 576;
    default:
      return undefined;
  }
}

/** RFC 9639 §9.1: sync 15, blocking strategy 1; block size 4, rate 4; channels 4, bits 3, reserved 1; coded number; block size. */
export function flacSamples(frame: Uint8Array): number | undefined {
  if (frame[0] !== 0xff || (frame[1]! & 0xfe) !== 0xf8) return undefined;
  const code = (frame[2] ?? 0) >> 4;
  if (code === 0) return undefined;
  if (code === 1) return 192;
  if (code < 6) return 576 << (code - 2);
  if (code > 7) return 256 << (code - 8);
  // §9.1.5: as many leading ones as octets, or none for one octet, as in UTF-8.
  const leadingOnes = Math.clz32(~((frame[4] ?? 0) << 24));
  const at = 4 + Math.max(1, leadingOnes);
  const [high = 0, low = 0] = frame.subarray(at);
  return 1 + (code === 6 ? high : high * 256 + low);
}

/** @param samplesBytes one sample of all channels */
export function pcmMeter(samplesBytes: number): (frame: Uint8Array) => number | undefined {
  return (frame) => Math.floor(frame.length / samplesBytes);
}

import { BitCursor } from "./bit-cursor.ts";

/** Channels by audio coding mode, without the low-frequency channel (ATSC A/52 table 5.8). */
const CHANNELS_BY_CODING_MODE = [2, 1, 2, 3, 3, 4, 4, 5];

/** Channels of an AC3SpecificBox, `dac3` (ETSI TS 102 366 annex F.4); undefined if there is none. */
export function ac3Channels(dac3: Uint8Array | undefined): number | undefined {
  if (dac3 === undefined || dac3.length < 3) return undefined;
  // fscod 2, bsid 5, bsmod 3, acmod 3, lfeon 1.
  return channelsOf(new BitCursor(dac3).skip(10));
}

/** Channels of an EC3SpecificBox, `dec3` (ETSI TS 102 366 annex F.6), of its first independent substream. */
export function eac3Channels(dec3: Uint8Array | undefined): number | undefined {
  if (dec3 === undefined || dec3.length < 5) return undefined;
  // data_rate 13, num_ind_sub 3; fscod 2, bsid 5, reserved 1, asvc 1, bsmod 3, acmod 3, lfeon 1.
  return channelsOf(new BitCursor(dec3).skip(28));
}

function channelsOf(bits: BitCursor): number {
  const codingMode = bits.read(3);
  return dolbyChannels({ codingMode, hasLowFrequency: bits.read(1) === 1 });
}

/** Channels of a frame. */
export function dolbyChannels(frame: { readonly codingMode: number; readonly hasLowFrequency: boolean }): number {
  return (CHANNELS_BY_CODING_MODE[frame.codingMode] ?? 0) + Number(frame.hasLowFrequency);
}

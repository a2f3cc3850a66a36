import { BitCursor } from "./bit-cursor.ts";
import { layoutOfMask } from "./channel-layout.ts";

/** What the box of a Dolby codec says of the sound. */
export interface DolbySound {
  readonly channels: number;
  readonly channelLayout: string | undefined;
}

/** The sound of an AC3SpecificBox, `dac3` (ETSI TS 102 366 annex F.4); undefined if there is none. */
export function ac3Sound(dac3: Uint8Array | undefined): DolbySound | undefined {
  if (dac3 === undefined || dac3.length < 3) return undefined;
  // fscod 2, bsid 5, bsmod 3.
  return soundOf([readLoudspeakers(new BitCursor(dac3).skip(10))]);
}

/**
 * The sound of an EC3SpecificBox, `dec3` (ETSI TS 102 366 annex F.6): its first independent substream, and the channels that
 * dependent ones add to it.
 */
export function eac3Sound(dec3: Uint8Array | undefined): DolbySound | undefined {
  if (dec3 === undefined || dec3.length < 5) return undefined;
  // data_rate 13, num_ind_sub 3; fscod 2, bsid 5, reserved 1, asvc 1, bsmod 3.
  const bits = new BitCursor(dec3).skip(28);
  const independent = readLoudspeakers(bits);
  const dependentCount = bits.skip(3).read(4);
  const locations = dependentCount > 0 ? bits.read(9) : 0;
  return soundOf([independent, ...ADDED_LOUDSPEAKERS.filter((_, bit) => ((locations >> bit) & 1) === 1)]);
}

/** What the header of a frame says of its channels. */
interface DolbyChannelFields {
  readonly codingMode: number;
  readonly hasLowFrequency: boolean;
}

/** The sound of a frame, without what dependent ones add. */
export function dolbyFrameSound(frame: DolbyChannelFields): DolbySound {
  return soundOf([loudspeakersOf(frame)]);
}

/** Loudspeakers, as bits of a Windows channel mask; a mask of 0 if that has none for them. */
interface Loudspeakers {
  readonly channels: number;
  readonly mask: number;
}

/** By audio coding mode, without the low-frequency channel (ATSC A/52 table 5.8). The first is two languages in one. */
const LOUDSPEAKERS: readonly Loudspeakers[] = [
  { channels: 2, mask: 0x3 },
  { channels: 1, mask: 0x4 },
  { channels: 2, mask: 0x3 },
  { channels: 3, mask: 0x7 },
  { channels: 3, mask: 0x103 },
  { channels: 4, mask: 0x107 },
  { channels: 4, mask: 0x603 },
  { channels: 5, mask: 0x607 },
];

const LOW_FREQUENCY_MASK = 0x8;

/** chan_loc (ETSI TS 102 366 §F.6.2.15) from its lowest bit on: Lc/Rc, Lrs/Rrs, Cs, Ts, Lsd/Rsd, Lw/Rw, Lvh/Rvh, Cvh, LFE2. */
const ADDED_LOUDSPEAKERS: readonly Loudspeakers[] = [
  { channels: 2, mask: 0xc0 },
  { channels: 2, mask: 0x30 },
  { channels: 1, mask: 0x100 },
  { channels: 1, mask: 0x800 },
  { channels: 2, mask: 0 },
  { channels: 2, mask: 0 },
  { channels: 2, mask: 0x5000 },
  { channels: 1, mask: 0x2000 },
  { channels: 1, mask: 0 },
];

/** acmod 3, lfeon 1. */
function readLoudspeakers(bits: BitCursor): Loudspeakers {
  const codingMode = bits.read(3);
  return loudspeakersOf({ codingMode, hasLowFrequency: bits.read(1) === 1 });
}

function loudspeakersOf({ codingMode, hasLowFrequency }: DolbyChannelFields): Loudspeakers {
  const { channels, mask } = LOUDSPEAKERS[codingMode] ?? { channels: 0, mask: 0 };
  return hasLowFrequency ? { channels: channels + 1, mask: mask | LOW_FREQUENCY_MASK } : { channels, mask };
}

function soundOf(parts: readonly Loudspeakers[]): DolbySound {
  const channels = parts.reduce((sum, part) => sum + part.channels, 0);
  const mask = parts.reduce((union, part) => union | part.mask, 0);
  const isNamed = parts.every((part) => part.mask !== 0);
  return { channels, channelLayout: isNamed ? layoutOfMask(mask) : undefined };
}

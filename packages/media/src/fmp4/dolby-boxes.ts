import { DOLBY_BLOCK_SAMPLES, type DolbyFrame } from "../codecs/dolby-frames.ts";

/** An independent substream and what its dependent ones add. */
interface Substream {
  readonly frame: DolbyFrame;
  readonly dependentIds: Set<number>;
  channelMap: number;
}

/**
 * EC3SpecificBox (ETSI TS 102 366 §F.6) of the frames of an access unit: every independent substream, with the channels that
 * its dependent ones add.
 */
export function enhancedSpecificBytes(frames: readonly [DolbyFrame, ...DolbyFrame[]]): Uint8Array {
  const substreams = substreamsOf(frames);
  const fields: [value: number, bits: number][] = [
    [Math.min(kilobitsPerSecond(frames), DATA_RATE_LIMIT), 13],
    [substreams.length - 1, 3],
  ];
  for (const { frame, dependentIds, channelMap } of substreams) {
    fields.push([frame.rateCode, 2], [frame.bitStreamId, 5], [0, 2], [frame.bitStreamMode, 3], [frame.codingMode, 3]);
    fields.push([Number(frame.hasLowFrequency), 1], [0, 3], [dependentIds.size, 4]);
    fields.push(dependentIds.size > 0 ? [channelLocations(channelMap), 9] : [0, 1]);
  }
  return packed(fields);
}

const DATA_RATE_LIMIT = 2 ** 13 - 1;
const INDEPENDENT_LIMIT = 8;

function substreamsOf(frames: readonly [DolbyFrame, ...DolbyFrame[]]): Substream[] {
  const substreams: Substream[] = [];
  let current: Substream | undefined;
  for (const frame of frames) {
    if (!frame.isDependent) {
      // A packet of short frames repeats each substream until there are six blocks of it.
      current = substreams.find((known) => known.frame.substreamId === frame.substreamId);
      if (current !== undefined || substreams.length === INDEPENDENT_LIMIT) continue;
      current = { frame, dependentIds: new Set(), channelMap: 0 };
      substreams.push(current);
    } else if (current !== undefined) {
      current.dependentIds.add(frame.substreamId);
      current.channelMap |= frame.channelMap;
    }
  }
  return substreams.length > 0 ? substreams : [{ frame: frames[0], dependentIds: new Set(), channelMap: 0 }];
}

function kilobitsPerSecond(frames: readonly [DolbyFrame, ...DolbyFrame[]]): number {
  const [first] = frames;
  const isSame = (frame: DolbyFrame) => !frame.isDependent && frame.substreamId === first.substreamId;
  const blocks = frames.filter(isSame).reduce((sum, frame) => sum + frame.blocks, 0);
  const seconds = (Math.max(blocks, 1) * DOLBY_BLOCK_SAMPLES) / first.sampleRateHz;
  return Math.round((frames.reduce((sum, frame) => sum + frame.lengthBytes, 0) * 8) / seconds / 1000);
}

/**
 * chan_loc (§F.6.2.15): Lc/Rc, Lrs/Rrs, Cs, Ts, Lsd/Rsd, Lw/Rw, Lvh/Rvh and Cvh from the lowest bit on, which chanmap (table
 * E.1.5) holds from bit 10 downwards; then LFE2, there bit 1.
 */
function channelLocations(channelMap: number): number {
  let locations = ((channelMap >> 1) & 1) << 8;
  for (let bit = 0; bit < 8; bit += 1) locations |= ((channelMap >> (10 - bit)) & 1) << bit;
  return locations;
}

/** Fields of so many bits each, most significant first, filled up with zeros. */
function packed(fields: readonly [value: number, bits: number][]): Uint8Array {
  const digits = fields.map(([value, bits]) => value.toString(2).padStart(bits, "0")).join("");
  const bytes = digits.match(/.{1,8}/g) ?? [];
  return Uint8Array.from(bytes, (byte) => Number.parseInt(byte.padEnd(8, "0"), 2));
}

import { ByteCursor } from "../byte-cursor.ts";
import { boxAt } from "./box.ts";

/** What the fields of an AudioSampleEntry say, in front of its boxes. */
export interface SoundFields {
  readonly channels: number;
  readonly sampleRateHz: number;
  readonly bitDepth: number;
}

/**
 * Reads them (ISO/IEC 14496-12 §12.2.3; QuickTime File Format, "Sound Sample Description (Version 2)"). Throws `damaged_media` if they
 * are cut off.
 */
export function parseSoundFields(content: Uint8Array): SoundFields {
  const cursor = new ByteCursor(content, "audio description").skip(8);
  const version = cursor.u16();
  const channels = cursor.skip(6).u16();
  const bitDepth = cursor.u16();
  const sampleRateHz = cursor.skip(4).u32() / 0x10000;
  const QUICKTIME_VERSION_2_BYTES = 24;
  if (version !== 2 || cursor.remaining < QUICKTIME_VERSION_2_BYTES) return { channels, sampleRateHz, bitDepth };
  // What stands where the numbers are in other versions is always 3, 16 and 65536.
  const rateHz = cursor.skip(4).f64();
  return { sampleRateHz: rateHz, channels: cursor.u32(), bitDepth: cursor.skip(4).u32() };
}

/** Bits of a sample of uncompressed sound, where the type of the entry or a box in it tells. */
export function pulseCodeBits(entryType: string, children: Uint8Array): number | undefined {
  // ISO/IEC 23003-5 §5.1: version and flags, format flags, then the size.
  return BITS.get(entryType) ?? boxAt(children, "pcmC")?.[5];
}

/** QuickTime File Format, "Sound sample descriptions": formats that are named by their size. */
const BITS = new Map<string, number>([
  ["in24", 24],
  ["in32", 32],
  ["fl32", 32],
  ["fl64", 64],
]);

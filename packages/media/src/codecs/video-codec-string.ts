import { hexOf } from "../hex.ts";
import { av1Parameters } from "./av1.ts";
import { BitCursor } from "./bit-cursor.ts";

/**
 * `avc1.PPCCLL` from an AVCDecoderConfigurationRecord (ISO/IEC 14496-15 §5.3.3.1; RFC 6381 §3.3), or undefined if the
 * record is none.
 */
export function avcCodecString(record: Uint8Array, sampleEntry = "avc1"): string | undefined {
  if (record.length < 4 || record[0] !== 1) return undefined;
  return `${sampleEntry}.${hexOf(record.subarray(1, 4))}`;
}

/** `hvc1.…` from an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 §8.3.3.1 and Annex E.3). */
export function hevcCodecString(record: Uint8Array, sampleEntry = "hvc1"): string | undefined {
  if (record.length < 13) return undefined;
  const bits = new BitCursor(record).skip(8);
  const profileSpace = ["", "A", "B", "C"][bits.read(2)];
  const tier = bits.read(1) === 1 ? "H" : "L";
  const profile = bits.read(5);
  const compatibility = reverseBits(bits.read(32)).toString(16);
  const constraints = Array.from({ length: 6 }, () => bits.read(8));
  const level = bits.read(8);
  while (constraints.at(-1) === 0) constraints.pop();
  const parts = [sampleEntry, `${profileSpace}${profile}`, compatibility, `${tier}${level}`];
  return [...parts, ...constraints.map((byte) => byte.toString(16))].join(".");
}

/** `av01.P.LLT.DD` from an AV1CodecConfigurationRecord (AV1 in ISOBMFF §2.3.3 and §5). */
export function av1CodecString(record: Uint8Array): string | undefined {
  const parameters = av1Parameters(record);
  if (parameters === undefined) return undefined;
  const { profile, levelIndex, isHighTier, bitDepth } = parameters;
  return `av01.${profile}.${twoDigits(levelIndex)}${isHighTier ? "H" : "M"}.${twoDigits(bitDepth)}`;
}

/** `vp09.PP.LL.DD` (VP Codec ISO Media File Format Binding, "Codecs Parameter String"). */
export function vp9CodecString(parameters: { profile: number; level: number; bitDepth: number }): string {
  return `vp09.${twoDigits(parameters.profile)}.${twoDigits(parameters.level)}.${twoDigits(parameters.bitDepth)}`;
}

function twoDigits(value: number): string {
  return value.toString().padStart(2, "0");
}

function reverseBits(value: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 32; bit += 1) reversed = reversed * 2 + ((value >>> bit) & 1);
  return reversed;
}

import type { BitCursor } from "./bit-cursor.ts";
import { readSigned, readUnsigned } from "./rbsp.ts";

/**
 * Steps over what stands in a sequence parameter set between its picture buffer and vui_parameters_present_flag (ITU-T H.265
 * §7.3.2.2.1).
 * @param orderCountBits log2_max_pic_order_cnt_lsb_minus4 + 4
 */
export function skipToUsability(bits: BitCursor, orderCountBits: number): void {
  const BLOCK_SIZES_AND_DEPTHS = 6;
  for (let field = 0; field < BLOCK_SIZES_AND_DEPTHS; field += 1) readUnsigned(bits);
  if (bits.read(1) === 1 && bits.read(1) === 1) skipScalingLists(bits);
  // amp_enabled_flag, sample_adaptive_offset_enabled_flag.
  if (bits.skip(2).read(1) === 1) skipPulseCode(bits);
  skipShortTermSets(bits);
  if (bits.read(1) === 1) {
    const pictures = Math.min(readUnsigned(bits), LONG_TERM_LIMIT);
    bits.skip(pictures * (Math.min(orderCountBits, ORDER_COUNT_LIMIT_BITS) + 1));
  }
  // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag.
  bits.skip(2);
}

/** num_short_term_ref_pic_sets, num_negative_pics and num_positive_pics, num_long_term_ref_pics_sps: §7.4.3.2.1, §7.4.8. */
const SHORT_TERM_SETS_LIMIT = 64;
const PICTURES_LIMIT = 16;
const LONG_TERM_LIMIT = 32;
/** log2_max_pic_order_cnt_lsb_minus4 is at most 12 (§7.4.3.2.1). */
const ORDER_COUNT_LIMIT_BITS = 16;

/** scaling_list_data (§7.3.4): six lists of each size, two of the largest. */
function skipScalingLists(bits: BitCursor): void {
  for (let size = 0; size < 4; size += 1) {
    for (let list = 0; list < 6; list += size === 3 ? 3 : 1) {
      if (bits.read(1) === 0) {
        readUnsigned(bits);
        continue;
      }
      const coefficients = Math.min(64, 1 << (4 + 2 * size)) + (size > 1 ? 1 : 0);
      for (let left = coefficients; left > 0; left -= 1) readSigned(bits);
    }
  }
}

function skipPulseCode(bits: BitCursor): void {
  bits.skip(8);
  readUnsigned(bits);
  readUnsigned(bits);
  bits.skip(1);
}

/** st_ref_pic_set (§7.3.7) of each set: later ones may be told by how they differ from the one before. */
function skipShortTermSets(bits: BitCursor): void {
  const count = Math.min(readUnsigned(bits), SHORT_TERM_SETS_LIMIT);
  let pictures = 0;
  for (let set = 0; set < count; set += 1) {
    const isPredicted = set > 0 && bits.read(1) === 1;
    pictures = isPredicted ? skipPredictedSet(bits, pictures) : skipPlainSet(bits);
  }
}

function skipPlainSet(bits: BitCursor): number {
  const before = Math.min(readUnsigned(bits), PICTURES_LIMIT);
  const pictures = before + Math.min(readUnsigned(bits), PICTURES_LIMIT);
  for (let picture = 0; picture < pictures; picture += 1) {
    readUnsigned(bits);
    bits.skip(1);
  }
  return pictures;
}

function skipPredictedSet(bits: BitCursor, previousPictures: number): number {
  // delta_rps_sign, abs_delta_rps_minus1.
  readUnsigned(bits.skip(1));
  let pictures = 0;
  for (let picture = 0; picture <= previousPictures; picture += 1) {
    const isUsed = bits.read(1) === 1 || bits.read(1) === 1;
    if (isUsed) pictures += 1;
  }
  return Math.min(pictures, 2 * PICTURES_LIMIT);
}

import { bytes } from "../../support/build.ts";

/** An access unit behind a header of ADTS (ISO/IEC 14496-3 §1.A.3.2): AAC-LC, 48 kHz, stereo, no checksum. */
export function adts(unit: Uint8Array): Uint8Array {
  const length = unit.length + 7;
  return bytes(0xff, 0xf1, 0x4c, 0x80 | (length >> 11), (length >> 3) & 0xff, ((length & 7) << 5) | 0x1f, 0xfc, unit);
}

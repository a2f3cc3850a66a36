import type { AudioCodec } from "../media-info.ts";

/**
 * The name of a set of loudspeakers, given as bits of dwChannelMask (Windows SDK, WAVEFORMATEXTENSIBLE); undefined for sets without
 * a usual name.
 */
export function layoutOfMask(mask: number): string | undefined {
  return NAMES.get(mask);
}

/**
 * The loudspeakers that a codec means by a number of channels; undefined where they can be several. Codecs that tell more in
 * their configuration are asked there first.
 */
export function layoutOfChannels(codec: AudioCodec, channels: number | undefined): string | undefined {
  if (channels === 1) return "mono";
  if (channels === 2) return "stereo";
  return codec === "unknown" || codec === "aac" ? undefined : USUAL_LAYOUTS[channels ?? 0];
}

/** By number of channels: RFC 9639 §9.1.3, Vorbis I §4.3.9, RFC 7845 §5.1.1.2; and what all others mean where they do not tell. */
const USUAL_LAYOUTS = [undefined, "mono", "stereo", "3.0", "quad", "5.0", "5.1", "6.1", "7.1"];

const NAMES = new Map<number, string>([
  [0x4, "mono"],
  [0x3, "stereo"],
  [0xb, "2.1"],
  [0x7, "3.0"],
  [0xf, "3.1"],
  [0x103, "3.0(back)"],
  [0x107, "4.0"],
  [0x10f, "4.1"],
  [0x33, "quad"],
  [0x603, "quad"],
  [0x37, "5.0"],
  [0x607, "5.0"],
  [0x3f, "5.1"],
  [0x60f, "5.1"],
  [0x707, "6.0"],
  [0x13f, "6.1"],
  [0x70f, "6.1"],
  [0x637, "7.0"],
  [0x63f, "7.1"],
  [0xff, "7.1(wide)"],
  [0x6cf, "7.1(wide)"],
  [0x560f, "5.1.2"],
  [0x2d60f, "5.1.4"],
  [0x2d63f, "7.1.4"],
]);

import type { AudioTrack } from "../../../src/media-info.ts";
import type { CodedTrack } from "../../../src/packet.ts";
import { bytes, fromHex, u16, u24, zeros } from "../../support/build.ts";

/** A track of sound as a demuxer describes it. */
export function soundTrack(
  codec: AudioTrack["codec"],
  sampleRateHz: number | undefined = 48_000,
  configuration: Uint8Array = zeros(0),
): CodedTrack {
  return {
    number: 2,
    track: {
      kind: "audio",
      index: 1,
      codec,
      codecTag: "A_TEST",
      codecString: undefined,
      language: "fre",
      title: "Commentary",
      isDefault: false,
      channels: 6,
      sampleRateHz,
    },
    timescale: sampleRateHz ?? 48_000,
    configuration,
    packetTicks: undefined,
  };
}

/** Starts of frames that ffmpeg made. */
export const FRAMES = {
  ac3Surround: fromHex("0b773af81e40ebf8403eff99ff0841fc"),
  ac3Stereo: fromHex("0b77d6d8144043e106f46370c0c0c218"),
  eac3Surround: fromHex("0b7702ff3f87c0002000000002000000"),
  dtsSurround: fromHex("7ffe8001fc3c75b276c005380009ef7b"),
  mp2Stereo: fromHex("fffde4049966667766887766767677fb"),
  mp2Mono: fromHex("fffde4c4dbbcbccbbbbfffffecc800aa"),
  mp3Stereo: fromHex("fffb9464288ff38563c0077ce0000000"),
  mp3Half: fromHex("fff382645a1769311e02cf5000000003"),
  mp3Mono: fromHex("fffb52c406020a6d05159de1000177b0"),
  flacStereo: fromHex("fff85a8801304ef53ef563f58df5baf5"),
  flacSurround: fromHex("fff8db5801ea0000000000004ef69af6"),
} as const;

/** A FLAC STREAMINFO (RFC 9639 §8.2): block sizes, frame sizes, then rate, channels and bits of 48 kHz 5.1 in 24 bits, no hash. */
export function streamInfo(minSamples: number, maxSamples: number): Uint8Array {
  return bytes(u16(minSamples), u16(maxSamples), u24(0), u24(0), fromHex("0bb80b70 00000000"), zeros(16));
}

/** Xiph-laced headers of Vorbis with the given exponents of block sizes and the given modes, written last bit first. */
export function vorbisHeaders(exponents: number, isLong: readonly boolean[]): Uint8Array {
  const identification = bytes("\x01vorbis", zeros(21), exponents, 1);
  const comment = bytes("\x03vorbis", zeros(300), 1);
  const setup = bytes("\x05vorbis", zeros(4).fill(0xa5), packedBits(modeBits(isLong)));
  return bytes(2, identification.length, 255, comment.length - 255, identification, comment, setup);
}

/** Vorbis I §4.2.4: count minus one in 6 bits; blockflag 1, windowtype 16, transformtype 16, mapping 8 each; framing bit. */
function modeBits(isLong: readonly boolean[]): number[] {
  const count = Array.from({ length: 6 }, (_, bit) => ((isLong.length - 1) >> bit) & 1);
  const modes = isLong.flatMap((flag, index) => [Number(flag), ...zeros(32), index & 1, ...zeros(7)]);
  return [...count, ...modes, 1];
}

function packedBits(bits: readonly number[]): Uint8Array {
  const packed = zeros(Math.ceil(bits.length / 8) + 1);
  for (const [index, bit] of bits.entries()) packed[index >> 3]! |= bit << (index & 7);
  return packed;
}

import { ByteCursor } from "../byte-cursor.ts";
import { flacParameters } from "../codecs/flac.ts";
import { audioTrack, type TrackDraft, videoTrack } from "../track-list.ts";

/**
 * The track that the first packet of a logical stream opens; undefined for streams of metadata and for codecs that
 * are not known here. Throws `damaged_media` if the packet is shorter than its fields.
 */
export function trackOfFirstPacket(packet: Uint8Array): TrackDraft | undefined {
  const start = String.fromCharCode(...packet.subarray(0, MAGIC_LIMIT_BYTES));
  for (const [magic, parse] of PACKET_PARSERS) {
    if (start.startsWith(magic)) return parse(packet.subarray(magic.length));
  }
  return undefined;
}

type ParsePacket = (fields: Uint8Array) => TrackDraft;

/** Theora Specification §6.2, identification header. */
const theora: ParsePacket = (fields) => {
  const cursor = new ByteCursor(fields, "Theora header").skip(7);
  const widthPixels = cursor.u24();
  const heightPixels = cursor.u24();
  const framesPerSecond = cursor.skip(2).u32() / cursor.u32();
  return videoTrack({ codec: "theora", codecTag: "theora", widthPixels, heightPixels, framesPerSecond });
};

/** Vorbis I Specification §4.2.2, identification header. */
const vorbis: ParsePacket = (fields) => {
  const cursor = new ByteCursor(fields, "Vorbis header", "little").skip(4);
  const channels = cursor.u8();
  return audioTrack({ codec: "vorbis", codecTag: "vorbis", channels, sampleRateHz: cursor.u32() });
};

/** RFC 7845 §5.1. Whatever the rate before encoding was, Opus is played at 48 kHz. */
const opus: ParsePacket = (fields) => {
  const channels = new ByteCursor(fields, "Opus header").skip(1).u8();
  return audioTrack({ codec: "opus", codecTag: "OpusHead", channels, sampleRateHz: 48_000 });
};

/** RFC 9639 §10.1: mapping version, number of headers, `fLaC`, a block header, STREAMINFO. */
const flac: ParsePacket = (fields) => {
  const { channels, sampleRateHz, bitsPerSample: bitDepth } = flacParameters(fields.subarray(12)) ?? {};
  return audioTrack({ codec: "flac", codecTag: "FLAC", channels, sampleRateHz, bitDepth });
};

/** Speex Manual §7.3: after the magic, version text 20, version 4 and header size 4; rate; mode 4 and 4; channels. */
const speex: ParsePacket = (fields) => {
  const cursor = new ByteCursor(fields, "Speex header", "little").skip(28);
  const sampleRateHz = cursor.u32();
  return audioTrack({ codec: "speex", codecTag: "Speex", sampleRateHz, channels: cursor.skip(8).u32() });
};

/** What the first packet of each kind starts with. */
const PACKET_PARSERS: readonly (readonly [string, ParsePacket])[] = [
  ["\x80theora", theora],
  ["\x01vorbis", vorbis],
  ["OpusHead", opus],
  ["\x7fFLAC", flac],
  ["Speex   ", speex],
];
const MAGIC_LIMIT_BYTES = 8;

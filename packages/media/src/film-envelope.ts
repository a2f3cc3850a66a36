import { matroskaBlock, matroskaHead, type WrittenTrack } from "./matroska/write.ts";
import type { AudioCodec, VideoCodec } from "./media-info.ts";
import type { CodedTrack, Packet } from "./packet.ts";
import { concatenate } from "./reader.ts";

/**
 * A film as a decoder gets to see it: the tracks that are played, in Matroska that we write, from whatever container. Its times are
 * those of the film, `ENVELOPE_LEAD_SECONDS` later.
 */

/** Sound may begin before the film by what its decoder throws away, and pictures by what an edit list hides. Less than this. */
export const ENVELOPE_LEAD_SECONDS = 10;

/** Sizes beyond those of any decoder; what a damaged header claims is not passed on. */
const PICTURE_SIDE_MAX_PIXELS = 32_768;
/** What a header that does not say is taken to mean. */
const USUAL_RATE_HZ = 48_000;
/** Rates of pictures outside of these are damage, or malice: encoders count time by them. */
const FRAME_MIN_SECONDS = 0.001;
const FRAME_MAX_SECONDS = 10;
/** The largest frame that our Matroska reader passes on, too. */
const PACKET_MAX_BYTES = 64 * 1024 * 1024;

/** A track in an envelope. */
export interface EnvelopeTrack {
  readonly coded: CodedTrack;
  readonly written: WrittenTrack;
}

/**
 * A track as an envelope holds it.
 * @param number its number there, from 1
 *
 * Undefined if Matroska has no words for it, or if we do not know all that they would say.
 */
export function envelopeTrack(coded: CodedTrack, number: number): EnvelopeTrack | undefined {
  const codec = codecWords(coded);
  const format = formatOf(coded);
  return codec && format && { coded, written: { number, ...codec, format } };
}

/** What a decoder must be fed before the first packet. */
export function filmEnvelopeHead(tracks: readonly EnvelopeTrack[]): Uint8Array {
  return matroskaHead(tracks.map(({ written }) => written));
}

/** Packets as they come. Those of other tracks are left out. */
export function filmEnvelopeBlocks(tracks: readonly EnvelopeTrack[], packets: readonly Packet[]): Uint8Array {
  const blocks = packets.flatMap((packet) => {
    const track = tracks.find(({ coded }) => coded.number === packet.trackNumber);
    if (track === undefined || packet.data.length > PACKET_MAX_BYTES) return [];
    const timeSeconds = Math.max(0, ENVELOPE_LEAD_SECONDS + packet.ptsTicks / track.coded.timescale);
    const { isKeyframe, data } = packet;
    return [matroskaBlock({ trackNumber: track.written.number, timeSeconds, isKeyframe, data })];
  });
  return concatenate(blocks);
}

type CodecWords = Pick<WrittenTrack, "codecId" | "codecPrivate">;

/** Words of Microsoft's come first: packets that they describe may have no other times than those at which they are decoded. */
function codecWords({ track, microsoftFormat, configuration }: CodedTrack): CodecWords | undefined {
  if (track.kind === "subtitle") return undefined;
  if (microsoftFormat !== undefined) {
    const codecId = track.kind === "video" ? "V_MS/VFW/FOURCC" : "A_MS/ACM";
    return { codecId, codecPrivate: microsoftFormat };
  }
  const words = track.kind === "video" ? VIDEO_WORDS[track.codec] : AUDIO_WORDS[track.codec];
  if (words === undefined || (words.isConfigured && configuration.length === 0)) return undefined;
  return {
    codecId: words.codecId,
    codecPrivate: words.prefix ? concatenate([words.prefix, configuration]) : configuration,
  };
}

interface Words {
  readonly codecId: string;
  /** Whether no decoder can do without the configuration. */
  readonly isConfigured: boolean;
  /** What Matroska puts in front of it. */
  readonly prefix?: Uint8Array;
}

function configured(codecId: string): Words {
  return { codecId, isConfigured: true };
}

function selfContained(codecId: string): Words {
  return { codecId, isConfigured: false };
}

/** Matroska Codec Specifications §4.3. */
const VIDEO_WORDS: Partial<Record<VideoCodec, Words>> = {
  h264: configured("V_MPEG4/ISO/AVC"),
  hevc: configured("V_MPEGH/ISO/HEVC"),
  av1: selfContained("V_AV1"),
  vp8: selfContained("V_VP8"),
  vp9: selfContained("V_VP9"),
  mpeg4: selfContained("V_MPEG4/ISO/ASP"),
  msmpeg4: selfContained("V_MPEG4/MS/V3"),
  mpeg1: selfContained("V_MPEG1"),
  mpeg2: selfContained("V_MPEG2"),
  theora: configured("V_THEORA"),
  mjpeg: selfContained("V_MJPEG"),
};

/** Matroska Codec Specifications §4.4. PCM is missing: nothing tells how wide it is. */
const AUDIO_WORDS: Partial<Record<AudioCodec, Words>> = {
  aac: configured("A_AAC"),
  mp3: selfContained("A_MPEG/L3"),
  mp2: selfContained("A_MPEG/L2"),
  ac3: selfContained("A_AC3"),
  eac3: selfContained("A_EAC3"),
  dts: selfContained("A_DTS"),
  truehd: selfContained("A_TRUEHD"),
  opus: configured("A_OPUS"),
  vorbis: configured("A_VORBIS"),
  flac: { ...configured("A_FLAC"), prefix: new TextEncoder().encode("fLaC") },
  alac: configured("A_ALAC"),
};

function formatOf({ track, timescale, packetTicks }: CodedTrack): WrittenTrack["format"] | undefined {
  if (track.kind === "audio") {
    const { sampleRateHz = USUAL_RATE_HZ, channels = 2 } = track;
    return { kind: "audio", sampleRateHz, channels };
  }
  if (track.kind === "subtitle") return undefined;
  const { widthPixels = 0, heightPixels = 0 } = track;
  if (Math.max(widthPixels, heightPixels) > PICTURE_SIDE_MAX_PIXELS) return undefined;
  const frameSeconds = (packetTicks ?? 0) / timescale;
  const isUsual = frameSeconds >= FRAME_MIN_SECONDS && frameSeconds <= FRAME_MAX_SECONDS;
  return { kind: "video", widthPixels, heightPixels, frameSeconds: isUsual ? frameSeconds : undefined };
}

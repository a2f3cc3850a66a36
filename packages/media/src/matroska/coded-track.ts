import { wavePcmFormat } from "../codecs/microsoft.ts";
import type { Track } from "../media-info.ts";
import type { CodedTrack } from "../packet.ts";
import { PICTURE_TIMESCALE, soundTiming } from "../sound-timing.ts";
import type { MatroskaTrack } from "./tracks.ts";

/** A track of the file in the words of whoever passes its packets on. */
export function codedTrackOf(source: MatroskaTrack): CodedTrack {
  const { number, track } = source;
  const configuration = configurationOf(track, source.codecPrivate);
  const common = { number, track, configuration, ...microsoftFormatOf(source), ...pcmOf(source), ...growthOf(source) };
  if (track.kind === "audio") return { ...common, ...soundTiming(track, configuration) };
  const packetTicks = track.kind === "video" ? defaultDurationTicks(source, PICTURE_TIMESCALE) : undefined;
  return { ...common, timescale: PICTURE_TIMESCALE, packetTicks: packetTicks && Math.round(packetTicks) };
}

/** The DefaultDuration of a track (RFC 9559 §5.1.4.1.13), not rounded. */
export function defaultDurationTicks(source: MatroskaTrack, timescale: number): number | undefined {
  const { defaultDurationNanoseconds } = source;
  return defaultDurationNanoseconds && (defaultDurationNanoseconds * timescale) / 1e9;
}

function microsoftFormatOf({ track, codecPrivate }: MatroskaTrack): Pick<CodedTrack, "microsoftFormat"> {
  return MICROSOFT_CODEC_IDS.has(track.codecTag) ? { microsoftFormat: codecPrivate } : {};
}

function growthOf({ encoding }: MatroskaTrack): Pick<CodedTrack, "growthBytes"> {
  if (encoding.kind === "stripped") return { growthBytes: encoding.prefix.length };
  return encoding.kind === "zlib" ? { growthBytes: Number.POSITIVE_INFINITY } : {};
}

/** Matroska Codec Specifications, A_PCM and A_MS/ACM. */
function pcmOf({ track, codecPrivate, bitsPerSample }: MatroskaTrack): Pick<CodedTrack, "pcm"> {
  if (track.codec !== "pcm") return {};
  if (track.codecTag === "A_MS/ACM") return { pcm: wavePcmFormat(codecPrivate) };
  if (bitsPerSample === undefined) return {};
  if (track.codecTag === "A_PCM/FLOAT/IEEE") return { pcm: { kind: "float", byteOrder: "little", bitsPerSample } };
  const byteOrder = track.codecTag === "A_PCM/INT/BIG" ? "big" : "little";
  return { pcm: { kind: bitsPerSample === 8 ? "unsigned" : "signed", byteOrder, bitsPerSample } };
}

const NOTHING = new Uint8Array(0);
const FLAC_MARKER = "fLaC";

/** CodecIDs whose CodecPrivate is a structure of Microsoft's, for other players than those that ISO boxes are for. */
const MICROSOFT_CODEC_IDS = new Set(["V_MS/VFW/FOURCC", "A_MS/ACM"]);
/** Codecs whose decoders need to hear nothing first. VP9 keeps there what its codec string has told already. */
const SELF_CONTAINED_CODECS: ReadonlySet<Track["codec"]> = new Set([
  "vp8",
  "vp9",
  "ac3",
  "eac3",
  "dts",
  "truehd",
  "mp3",
  "mp2",
  "pcm",
]);

function configurationOf(track: Track, codecPrivate: Uint8Array): Uint8Array {
  if (MICROSOFT_CODEC_IDS.has(track.codecTag) || SELF_CONTAINED_CODECS.has(track.codec)) return NOTHING;
  const start = String.fromCharCode(...codecPrivate.subarray(0, FLAC_MARKER.length));
  return track.codec === "flac" && start === FLAC_MARKER ? codecPrivate.subarray(FLAC_MARKER.length) : codecPrivate;
}

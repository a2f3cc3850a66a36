import { aacFraming } from "../codecs/aac.ts";
import type { AudioTrack, Track } from "../media-info.ts";
import type { CodedTrack } from "../packet.ts";
import type { MatroskaTrack } from "./tracks.ts";

/** Ticks per second of everything but sound: all usual frame rates are whole numbers of them. */
const PICTURE_TIMESCALE = 90_000;
/** Opus is always decoded at this rate (RFC 7845 §5.1). */
const OPUS_RATE_HZ = 48_000;
/** Above every rate that is sold; a file that claims more counts its sound in 1/90 000 s. */
const SAMPLE_RATE_LIMIT_HZ = 768_000;

/** A track of the file in the words of whoever passes its packets on. */
export function codedTrackOf(source: MatroskaTrack): CodedTrack {
  const { number, track } = source;
  const configuration = configurationOf(track, source.codecPrivate);
  const common = { number, track, configuration, ...microsoftFormatOf(source), ...growthOf(source) };
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

type Timing = Pick<CodedTrack, "timescale" | "packetTicks">;

function soundTiming(track: AudioTrack, configuration: Uint8Array): Timing {
  if (track.codec === "opus") return { timescale: OPUS_RATE_HZ, packetTicks: undefined };
  const framing = track.codec === "aac" ? aacFraming(configuration) : undefined;
  if (framing !== undefined) return aacTiming(framing, track.sampleRateHz);
  const rateHz = Math.round(track.sampleRateHz ?? 0);
  if (rateHz < 1 || rateHz > SAMPLE_RATE_LIMIT_HZ) return { timescale: PICTURE_TIMESCALE, packetTicks: undefined };
  return { timescale: rateHz, packetTicks: frameSamples(track.codec, rateHz) };
}

/** Spectral band replication may be told by the configuration, or by the container alone (Matroska's OutputSamplingFrequency). */
function aacTiming(framing: NonNullable<ReturnType<typeof aacFraming>>, containerRateHz: number | undefined): Timing {
  const { codedRateHz, frameSamples: samples } = framing;
  const doubles = framing.outputRateHz === 2 * codedRateHz || containerRateHz === 2 * codedRateHz;
  return doubles
    ? { timescale: 2 * codedRateHz, packetTicks: 2 * samples }
    : { timescale: codedRateHz, packetTicks: samples };
}

/** Samples of a frame where all frames of a codec hold as many; E-AC-3, DTS, FLAC and others tell it in each frame. */
function frameSamples(codec: AudioTrack["codec"], rateHz: number): number | undefined {
  if (codec === "ac3") return 1536;
  if (codec === "mp2") return 1152;
  // ISO/IEC 13818-3 §2.4.2.3: half as many at the lower rates, which MPEG-1 does not have.
  if (codec === "mp3") return rateHz < 32_000 ? 576 : 1152;
  return undefined;
}

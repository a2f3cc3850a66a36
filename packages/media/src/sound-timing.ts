import { aacFraming } from "./codecs/aac.ts";
import type { AudioTrack } from "./media-info.ts";
import type { CodedTrack } from "./packet.ts";

/** Ticks per second of everything but sound: all usual frame rates are whole numbers of them. */
export const PICTURE_TIMESCALE = 90_000;
/** Opus is always decoded at this rate (RFC 7845 §5.1). */
const OPUS_RATE_HZ = 48_000;
/** Above every rate that is sold; a file that claims more counts its sound in 1/90 000 s. */
const SAMPLE_RATE_LIMIT_HZ = 768_000;

type Timing = Pick<CodedTrack, "timescale" | "packetTicks">;

/** How the times of a sound count whose container counts in units of its own: in samples wherever that is possible. */
export function soundTiming(track: AudioTrack, configuration: Uint8Array): Timing {
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

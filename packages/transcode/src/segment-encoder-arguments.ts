import { assertInvariant } from "@riptide/core";
import { GLOBAL_ARGUMENTS, words } from "./arguments.ts";

/** What an encoder of sound has to know before its first input: names of ours and integers only. */
export interface EncoderProfile {
  readonly codec: "ac3" | "eac3" | "dts" | "mp2" | "mp3" | "flac" | "vorbis" | "pcm" | "alac";
  /** Of the track. */
  readonly sourceRateHz: number;
  /** Of the AAC. */
  readonly rateHz: number;
}

/** Where the output starts in the times of the input, as `media` writes them; what comes before is decoded and thrown away. */
const LEAD_SECONDS = 10;
/** Times that are off by less are left alone, for they are the container's, not the sound's. */
const GAP_MIN_SECONDS = 0.01;

/**
 * The command line for segments of a profile: an envelope of Matroska on stdin, ADTS on stdout. Nothing in it belongs to one
 * segment, so that a process can wait for one.
 *
 * - `copyts`: times are those of the envelope, not counted from its first frame.
 * - `max_error_rate`: sound that cannot be decoded is silence, not the end.
 * - `cons_noisegen`: the noise of AC-3 does not depend on what was decoded before.
 * - `core_only`: the extensions of DTS come and go with damage, and with them channels.
 * - `rematrix_maxval`: a downmix that cannot clip.
 * - `first_pts`, `async`: the output starts at the lead, to the sample, and gaps are filled; never is sound stretched.
 * - `aac_coder fast`, no noise and no intensity: joins that cannot be heard, measured against the other coders.
 */
export function segmentEncoderArguments(profile: EncoderProfile): string[] {
  const sourceRate = rate(profile.sourceRateHz);
  const outputRate = rate(profile.rateHz);
  const allowed = `-protocol_whitelist pipe -format_whitelist matroska -codec_whitelist ${DECODERS[profile.codec]}`;
  const compensation = `async=1:min_comp=0.000001:min_hard_comp=${GAP_MIN_SECONDS}`;
  const start = `first_pts=${LEAD_SECONDS * sourceRate}`;
  return [
    ...GLOBAL_ARGUMENTS,
    ...words(`-max_error_rate 1 -copyts ${allowed} -max_streams 1 -probesize 32 -analyzeduration 0 -threads 1`),
    ...DECODER_OPTIONS[profile.codec],
    ...words(`-f matroska -i pipe:0 -map 0:a:0 -map_metadata -1 -map_chapters -1`),
    ...words(`-af aresample=ochl=stereo:rematrix_maxval=1:${compensation}:${start} -ac 2 -ar ${outputRate} -threads 1`),
    ...words("-c:a aac -aac_coder fast -b:a 256k -aac_pns 0 -aac_is 0 -f adts -flush_packets 1 pipe:1"),
  ];
}

/** ffmpeg's own decoders. The first of a line is the one it takes. */
const DECODERS: Readonly<Record<EncoderProfile["codec"], string>> = {
  ac3: "ac3",
  eac3: "eac3",
  dts: "dca",
  mp2: "mp2float,mp2",
  mp3: "mp3float,mp3",
  flac: "flac",
  vorbis: "vorbis",
  pcm: ["pcm_u8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be", "pcm_f32le,pcm_f64le"].join(","),
  alac: "alac",
};

const STEADY_NOISE = words("-cons_noisegen 1");

const DECODER_OPTIONS: Readonly<Record<EncoderProfile["codec"], readonly string[]>> = {
  ac3: STEADY_NOISE,
  eac3: STEADY_NOISE,
  dts: words("-core_only 1"),
  mp2: [],
  mp3: [],
  flac: [],
  vorbis: [],
  pcm: [],
  alac: [],
};

/** Highest rate of any sound that we decode. */
const RATE_MAX_HZ = 384_000;

function rate(rateHz: number): number {
  assertInvariant(Number.isInteger(rateHz) && rateHz > 0 && rateHz <= RATE_MAX_HZ, `${rateHz} is no sample rate`);
  return rateHz;
}

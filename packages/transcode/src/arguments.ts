import { assertInvariant } from "@riptide/core";
import { DECODERS } from "./decoders.ts";
import type { AudioPlan, Demuxer, RemuxPlan, VideoPlan } from "./remux-plan.ts";

/** Enough to find the parameters of every codec we name; ffmpeg reads at most this much before it writes. */
const PROBE_BYTES = 500_000;
/** A fragment is what a player waits for: half a second, and the first one does not wait for a whole GOP. */
const FRAGMENT_MICROSECONDS = 500_000;
/** More tracks than any film has; each costs memory while ffmpeg probes. Plans may name tracks below it. */
export const TRACKS_LIMIT = 64;
/** The largest single allocation: room for the pictures of an 8K film, not for a header that claims gigabytes. */
const ALLOCATION_LIMIT_BYTES = 256 * 1024 * 1024;
/** Threads per codec: several streams share the machine. */
const THREADS = 2;

/**
 * The command line for a plan: source on stdin, fragmented MP4 (ISO/IEC 14496-12 §8.8) on stdout.
 *
 * Everything in it is a constant, a name of ours or a checked integer. Demuxer and decoders are whitelisted and the pipe is
 * the only protocol, so a playlist that pretends to be a film opens nothing.
 *
 * Times: Matroska may be fed from the middle (`?t=`), so its output carries the times of the source. Measured in Chromium,
 * `<video src>` then starts with `currentTime` at the time in the film, and so does MSE. The other containers may begin at
 * any time of the day; their output begins at 0.
 */
export function remuxArguments(plan: RemuxPlan): string[] {
  assertInvariant(plan.video !== undefined || plan.audio !== undefined, "A remux needs a video or an audio track");
  return [
    ...GLOBAL_ARGUMENTS,
    ...inputArguments(plan.demuxer),
    ...(plan.video === undefined ? [] : videoArguments(plan.video)),
    ...(plan.audio === undefined ? [] : audioArguments(plan.audio)),
    ...(plan.demuxer === "matroska" ? ["-copyts", "-avoid_negative_ts", "disabled"] : []),
    ...OUTPUT_ARGUMENTS,
  ];
}

/** Said to every process. */
export const GLOBAL_ARGUMENTS = words(`-hide_banner -loglevel error -nostdin -max_alloc ${ALLOCATION_LIMIT_BYTES}`);

function inputArguments(demuxer: Demuxer): string[] {
  const allowed = `-protocol_whitelist pipe -format_whitelist ${demuxer} -codec_whitelist ${DECODERS.join(",")}`;
  const limits = `-max_streams ${TRACKS_LIMIT} -probesize ${PROBE_BYTES} -threads ${THREADS}`;
  return words(`${allowed} ${limits} -f ${demuxer} -i pipe:0`);
}

/** `V` counts video tracks without the pictures that are only cover art. */
function videoArguments({ index, codec }: VideoPlan): string[] {
  const map = ["-map", `0:V:${trackNumber(index)}`];
  if (codec === "copy") return [...map, "-c:v", "copy"];
  if (codec === "copy_hevc") return [...map, "-c:v", "copy", "-tag:v", "hvc1"];
  return [...map, ...H264_ARGUMENTS];
}

function audioArguments({ index, codec }: AudioPlan): string[] {
  const map = ["-map", `0:a:${trackNumber(index)}`];
  if (codec === "copy") return [...map, "-c:a", "copy", "-bsf:a", FROM_TIME_ZERO];
  if (codec === "copy_adts") return [...map, "-c:a", "copy", "-bsf:a", `aac_adtstoasc,${FROM_TIME_ZERO}`];
  return [...map, ...AAC_ARGUMENTS, "-bsf:a", FROM_TIME_ZERO];
}

/**
 * Encoders of AAC and Opus put their own delay before time 0, which fragments cannot express (§8.8.12: unsigned). It holds
 * no sound: the packet is dropped. Needs ffmpeg 5.
 */
const FROM_TIME_ZERO = "noise=drop='lt(pts,0)'";

/**
 * Fast to start and to keep up, rather than small: no frame waits for later ones, a keyframe every two seconds, 8-bit
 * 4:2:0 with even sides, which is what every browser decodes.
 */
const H264_ARGUMENTS = words(
  `-c:v libx264 -preset veryfast -tune zerolatency -threads:v ${THREADS} -crf 23 -maxrate 8M -bufsize 8M
   -vf scale=trunc(iw/2)*2:trunc(ih/2)*2 -pix_fmt yuv420p -force_key_frames expr:if(isnan(prev_forced_t),1,gte(t,prev_forced_t+2))`,
);

/** Stereo, because browsers differ beyond it. `aresample` fills gaps with silence. */
const AAC_ARGUMENTS = words("-c:a aac -ac 2 -b:a 192k -af aresample=async=1");

/**
 * `delay_moov`: the header of AC-3 and of delayed audio needs their first packet. `frag_duration`, not `frag_keyframe`, which
 * holds back a whole GOP. `frag_discont`: fragments carry the time of the source, wherever it starts. `-strict`: ffmpeg 5
 * calls FLAC in MP4 experimental.
 */
const OUTPUT_ARGUMENTS = words(
  `-sn -dn -map_metadata -1 -map_chapters -1
   -movflags empty_moov+default_base_moof+delay_moov+frag_discont -frag_duration ${FRAGMENT_MICROSECONDS} -flush_packets 1
   -strict experimental -f mp4 pipe:1`,
);

function trackNumber(index: number): string {
  assertInvariant(Number.isInteger(index) && index >= 0 && index < TRACKS_LIMIT, `Track ${index} cannot be mapped`);
  return String(index);
}

/** Our own constants, as they would be typed; no argument of ours holds white space. */
export function words(line: string): string[] {
  return line.split(/\s+/);
}

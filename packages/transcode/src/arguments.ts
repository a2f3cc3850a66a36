import { assertInvariant } from "@riptide/core";
import { DECODERS } from "./decoders.ts";
import { deviceArguments, h264Arguments } from "./h264-arguments.ts";
import type { H264Encoding } from "./h264-encoding.ts";
import type { AudioPlan, Demuxer, EnvelopePlan, PictureShape, RemuxPlan, VideoPlan } from "./remux-plan.ts";

/** Enough to find the parameters of every codec we name; ffmpeg reads at most this much before it writes. */
const PROBE_BYTES = 500_000;
/** A fragment is what a player waits for. The first one cannot be made shorter than the others, and does not wait for a GOP. */
const FRAGMENT_MICROSECONDS = 200_000;
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
 * Times: an envelope may begin anywhere in the film, so its output carries the times of the film. Measured in Chromium,
 * `<video src>` then starts with `currentTime` at the time in the film, and so does MSE. The same goes for Matroska that is fed as it
 * is. The other containers may begin at any time of the day; their output begins at 0.
 *
 * A picture that is converted begins with the one that is shown at `startSeconds`, which is decoded from the keyframe before it;
 * one that is copied begins with what comes in, a keyframe. So does sound, to within a packet.
 * @param encoding how a picture is converted; needed if the plan says so
 */
export function remuxArguments(plan: RemuxPlan, encoding?: H264Encoding): string[] {
  const { demuxer, video, audio, envelope } = plan;
  assertInvariant(video !== undefined || audio !== undefined, "A remux needs a video or an audio track");
  const isConverted = video?.codec === "h264";
  assertInvariant(!isConverted || encoding !== undefined, "A picture is converted in a way that is known");
  return [
    ...GLOBAL_ARGUMENTS,
    ...(isConverted && encoding ? deviceArguments(encoding.encoder) : []),
    ...inputArguments(demuxer, encoding?.threads ?? THREADS),
    ...(envelope === undefined ? [] : ["-itsoffset", `-${seconds(envelope.leadSeconds)}`]),
    ...words("-i pipe:0"),
    ...(video === undefined ? [] : videoArguments(video, envelope, encoding)),
    ...(audio === undefined ? [] : audioArguments(audio, soundStart(plan))),
    ...(demuxer === "matroska" ? ["-copyts", "-avoid_negative_ts", "disabled"] : []),
    ...OUTPUT_ARGUMENTS,
  ];
}

/** Said to every process. */
export const GLOBAL_ARGUMENTS = words(`-hide_banner -loglevel error -nostdin -max_alloc ${ALLOCATION_LIMIT_BYTES}`);

function inputArguments(demuxer: Demuxer, threads: number): string[] {
  const allowed = `-protocol_whitelist pipe -format_whitelist ${demuxer} -codec_whitelist ${DECODERS.join(",")}`;
  const limits = `-max_streams ${TRACKS_LIMIT} -probesize ${PROBE_BYTES} -threads ${threads}`;
  return words(`${allowed} ${limits} -f ${demuxer}`);
}

/** `V` counts video tracks without the pictures that are only cover art. */
function videoArguments(
  { index, codec, shape }: VideoPlan,
  envelope: EnvelopePlan | undefined,
  encoding: H264Encoding | undefined,
): string[] {
  const map = ["-map", `0:V:${trackNumber(index)}`];
  if (encoding !== undefined && codec === "h264") {
    return [...map, ...h264Arguments(encoding, envelope && pictureStart(envelope, shape))];
  }
  return [...map, ...words(codec === "copy_hevc" ? "-c:v copy -tag:v hvc1" : "-c:v copy")];
}

/** The picture that is shown at the start has begun before it. */
function pictureStart({ startSeconds }: EnvelopePlan, shape: PictureShape | undefined): string {
  const frameSeconds = Math.min(1 / (shape?.framesPerSecond ?? USUAL_FRAME_RATE), FRAME_MAX_SECONDS);
  return seconds(Math.max(0, startSeconds - frameSeconds + TIME_TOLERANCE_SECONDS));
}

const USUAL_FRAME_RATE = 25;
/** A film of fewer pictures begins with one that is not shown any more. */
const FRAME_MAX_SECONDS = 0.5;
/** Containers round times to milliseconds. */
const TIME_TOLERANCE_SECONDS = 0.002;

/**
 * Sound begins with a picture that is copied, wherever that does, and else at the time that was asked for. What is copied is fed from
 * there on: packets of FLAC have other times where they could be dropped.
 */
function soundStart({ video, audio, envelope }: RemuxPlan): string {
  const isCut = audio?.codec === "aac" && (video === undefined || video.codec === "h264");
  return seconds(isCut ? (envelope?.startSeconds ?? 0) : 0);
}

/**
 * Encoders of AAC and Opus put their own delay before the start, which before time 0 fragments cannot express (§8.8.12: unsigned). It
 * holds no sound: the packet is dropped. Needs ffmpeg 5.
 */
function audioArguments({ index, codec }: AudioPlan, start: string): string[] {
  const map = ["-map", `0:a:${trackNumber(index)}`];
  const fromStart = `noise=drop='lt(pts*tb,${start}-${TIME_TOLERANCE_SECONDS})'`;
  if (codec === "copy") return [...map, "-c:a", "copy", "-bsf:a", fromStart];
  if (codec === "copy_adts") return [...map, "-c:a", "copy", "-bsf:a", `aac_adtstoasc,${fromStart}`];
  return [...map, ...words(`${AAC_ARGUMENTS},atrim=start=${start}`), "-bsf:a", fromStart];
}

/** Stereo, because browsers differ beyond it. `aresample` fills gaps with silence. */
const AAC_ARGUMENTS = "-c:a aac -ac 2 -b:a 192k -af aresample=async=1";

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

/** More than any film is long, and what is written of it in all digits. */
const SECONDS_MAX = 1e8;

function seconds(value: number): string {
  assertInvariant(value >= 0 && value < SECONDS_MAX, `${value} is no time in a film`);
  return value.toFixed(6);
}

/** Our own constants, as they would be typed; no argument of ours holds white space. */
export function words(line: string): string[] {
  return line.split(/\s+/);
}

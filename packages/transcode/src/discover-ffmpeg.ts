import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { TranscodeError } from "@riptide/core";
import { type Confinement, findConfinement, findProgram } from "./confinement.ts";
import { HARDWARE_ENCODERS, type HardwareEncoder } from "./h264-encoding.ts";

/** A program that takes longer than this to say its version is no ffmpeg we want to stream through. */
const ANSWER_LIMIT_MS = 10_000;
/** The longest answer, the list of encoders, is about 20 KiB. */
const ANSWER_LIMIT_BYTES = 1024 * 1024;

/** An ffmpeg that was found to work, and what it can do. */
export interface FfmpegInstallation {
  /** Absolute path of the program. */
  readonly path: string;
  /** As it names itself: `5.1.9-0+deb12u1`. */
  readonly version: string;
  /** Whether it has libx264, without which only hardware converts pictures. */
  readonly canEncodeH264: boolean;
  /** Encoders of hardware that it is built with; whether there is such hardware, only trying tells. Default none. */
  readonly hardwareEncoders?: readonly HardwareEncoder[];
  /** How it is held while it works. Default: not at all. */
  readonly confinement?: Confinement;
}

export interface DiscoverOptions {
  /** The program to use, and no other. */
  readonly path?: string;
  readonly signal: AbortSignal;
}

/**
 * Finds ffmpeg: at `path`, else where the environment variable `FFMPEG_PATH` says, else on `PATH`. It is asked once what it
 * can do. Undefined if there is none on `PATH`, or none that works.
 *
 * Rejects with `TranscodeError` `ffmpeg_missing` if `path` or `FFMPEG_PATH` is given and does not work: who names a program wants
 * that one. Rejects with the signal's reason once that is aborted.
 */
export async function discoverFfmpeg({ path, signal }: DiscoverOptions): Promise<FfmpegInstallation | undefined> {
  const named = path ?? process.env["FFMPEG_PATH"];
  try {
    if (named !== undefined && named !== "") return await inspect(resolve(named), signal);
    const found = await findProgram("ffmpeg");
    return found === undefined ? undefined : await inspect(found, signal);
  } catch (cause) {
    signal.throwIfAborted();
    if (named === undefined || named === "") return undefined;
    const source = path === undefined ? "The program that FFMPEG_PATH names" : "The program given as ffmpeg";
    const message = `${source} does not work as ffmpeg 5.1 or newer. Give the full path of one, or leave it out.`;
    throw new TranscodeError("ffmpeg_missing", message, { cause });
  }
}

/** Rejects with an `Error` that says what is wrong with the program. It starts three times: a start loads two hundred libraries, and the server waits. */
async function inspect(path: string, signal: AbortSignal): Promise<FfmpegInstallation> {
  const [{ stdout: encoders, stderr: banner }, { stdout: demuxers }, confinement] = await Promise.all([
    ask(path, "-encoders", signal),
    ask(path, "-demuxers", signal),
    findConfinement(path, signal),
  ]);
  const version = /^ffmpeg version (\S{1,64})/m.exec(banner)?.[1];
  if (version === undefined) throw new Error("It does not say that it is ffmpeg.");
  for (const demuxer of REQUIRED_DEMUXERS) {
    if (!isListed(demuxers, demuxer)) throw new Error(`It cannot read ${demuxer}.`);
  }
  if (!isListed(encoders, "aac")) throw new Error("It cannot encode AAC.");
  if (isTooOld(banner)) throw new Error(`It is too old: ${version}.`);
  return {
    path,
    version,
    canEncodeH264: isListed(encoders, "libx264"),
    hardwareEncoders: HARDWARE_ENCODERS.filter((encoder) => isListed(encoders, encoder)),
    confinement,
  };
}

/** Of ffmpeg 5.1, with which `-fps_mode` and `out_chlayout` came. The program's own version says nothing where it was built between releases. */
const OLDEST_LIBAVCODEC = [59, 37] as const;

/** `  libavcodec     59. 37.100 / 59. 37.100` */
function isTooOld(banner: string): boolean {
  const [major = 0, minor = 0] = (/^\s*libavcodec\s+(\d+)\.\s*(\d+)/m.exec(banner) ?? []).slice(1).map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_LIBAVCODEC;
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
}

const REQUIRED_DEMUXERS = ["matroska", "mov", "mpegts", "avi", "flv", "asf", "ogg"];

/** Whether ffmpeg's list names it: ` D  matroska,webm   Matroska / WebM`, ` V....D libx264   …`. */
function isListed(list: string, name: string): boolean {
  return list.split("\n").some((line) => line.trim().split(/\s+/)[1]?.split(",").includes(name) === true);
}

/** The answer is on stdout, the banner with the versions of all its parts on stderr. */
function ask(path: string, question: string, signal: AbortSignal): Promise<{ stdout: string; stderr: string }> {
  const limits = { timeout: ANSWER_LIMIT_MS, maxBuffer: ANSWER_LIMIT_BYTES };
  return promisify(execFile)(path, [question], { signal, ...limits, env: {} });
}

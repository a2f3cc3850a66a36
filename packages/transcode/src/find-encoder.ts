import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import { GLOBAL_ARGUMENTS, words } from "./arguments.ts";
import type { FfmpegInstallation } from "./discover-ffmpeg.ts";
import { deviceArguments, h264Arguments, RENDER_DEVICE } from "./h264-arguments.ts";
import { type H264Encoder, type HardwareEncoder, h264Encoding } from "./h264-encoding.ts";

/** A driver that takes longer for its first frame would keep a viewer waiting longer than it saves. */
const TRIAL_LIMIT_MS = 5000;

/** What is known of a machine without trying. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly hasDevice: (path: string) => Promise<boolean>;
}

const THIS_MACHINE: Machine = {
  platform: process.platform,
  hasDevice: (path) =>
    access(path, constants.R_OK | constants.W_OK).then(
      () => true,
      () => false,
    ),
};

/**
 * The encoder that pictures are converted with: the first one of hardware that encodes a frame, else libx264. Undefined if there is
 * none. Rejects with the signal's reason.
 */
export async function findEncoder(
  { path, canEncodeH264, hardwareEncoders = [], confinement }: FfmpegInstallation,
  { signal, machine = THIS_MACHINE }: { readonly signal: AbortSignal; readonly machine?: Machine },
): Promise<H264Encoder | undefined> {
  for (const encoder of hardwareEncoders) {
    if (!(await mayExist(encoder, machine))) continue;
    // It must work as it is held later on.
    const commandLine = [...(confinement?.launchers.hardware_conversion ?? []), path];
    if (await encodes(commandLine, encoder, signal)) return encoder;
  }
  return canEncodeH264 ? "libx264" : undefined;
}

/** Spares most machines a process that can only fail. */
async function mayExist(encoder: HardwareEncoder, { platform, hasDevice }: Machine): Promise<boolean> {
  if (encoder === "h264_videotoolbox") return platform === "darwin";
  if (platform !== "linux") return platform === "win32" && encoder !== "h264_vaapi";
  return hasDevice(encoder === "h264_nvenc" ? "/dev/nvidiactl" : RENDER_DEVICE);
}

/** Whether it encodes a frame of black, by the very arguments that films are encoded with. */
async function encodes(
  commandLine: readonly string[],
  encoder: HardwareEncoder,
  signal: AbortSignal,
): Promise<boolean> {
  const encoding = h264Encoding(TRIAL_SHAPE, { encoder, cores: 2 });
  const { widthPixels, heightPixels, framesPerSecond } = TRIAL_SHAPE;
  const [program = "", ...trial] = [
    ...commandLine,
    ...GLOBAL_ARGUMENTS,
    ...deviceArguments(encoder),
    ...words(`-f lavfi -i color=black:size=${widthPixels}x${heightPixels}:rate=${framesPerSecond} -frames:v 1`),
    ...h264Arguments(encoding, undefined),
    ...words("-f null -"),
  ];
  const options = { signal, timeout: TRIAL_LIMIT_MS, killSignal: "SIGKILL", env: {}, cwd: tmpdir() } as const;
  return promisify(execFile)(program, trial, options).then(
    () => true,
    () => {
      signal.throwIfAborted();
      return false;
    },
  );
}

/** Larger than the smallest picture of any encoder. */
const TRIAL_SHAPE = { widthPixels: 640, heightPixels: 360, framesPerSecond: 25, isDearToDecode: false };

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Readable, type Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { newestFfmpeg } from "../support/newest-ffmpeg.ts";

/** What is kept of what a program says before it fails. */
const STDERR_MAX_CHARACTERS = 4000;

/** Runs ffmpeg with inputs on its descriptors from 3 on, and standard output going to a file if one is given. */
export async function feedFfmpeg(
  ffmpegArguments: readonly string[],
  options: { readonly inputs: readonly Iterable<Uint8Array>[]; readonly stdout?: number | undefined },
): Promise<void> {
  const stdio = ["ignore", options.stdout ?? "ignore", "pipe", ...options.inputs.map(() => "pipe" as const)] as const;
  const child = spawn("ffmpeg", [...QUIET, "-y", ...ffmpegArguments], { stdio: [...stdio] });
  const feeds = options.inputs.map((input, index) => feed(input, child.stdio[3 + index] as Writable));
  await Promise.all([succeeded(child), ...feeds]);
}

/** Runs ffmpeg, the newest that is there, and resolves with what it writes to its descriptors 1 and 3. */
export async function readFfmpeg(ffmpegArguments: readonly string[]): Promise<{ stdout: Buffer; third: Buffer }> {
  const stdio = ["ignore", "pipe", "pipe", "pipe"] as const;
  const child = spawn(READER, [...QUIET, ...ffmpegArguments], { stdio: [...stdio] });
  const outputs = [child.stdio[1], child.stdio[3]].map((stream) => buffer(stream as Readable));
  const [stdout, third] = await Promise.all([...outputs, succeeded(child)]);
  return { stdout: stdout as Buffer, third: third as Buffer };
}

/** What decodes need not be what encoded. */
const READER = newestFfmpeg ?? "ffmpeg";

const QUIET = ["-hide_banner", "-nostdin", "-loglevel", "error"];

/** ffmpeg may have enough before all is written: then its exit code tells whether that was right. */
async function feed(input: Iterable<Uint8Array>, stream: Writable): Promise<void> {
  await pipeline(Readable.from(input), stream).catch(() => {});
}

async function succeeded(child: ChildProcess): Promise<void> {
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-STDERR_MAX_CHARACTERS);
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${child.spawnargs.join(" ")} ended with ${code}: ${said}`);
}

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { discoverFfmpeg, type FfmpegInstallation } from "@riptide/transcode";

export async function installedFfmpeg(): Promise<FfmpegInstallation> {
  const ffmpeg = await discoverFfmpeg({ signal: new AbortController().signal });
  if (ffmpeg === undefined) throw new Error("These tests need ffmpeg: apt-get install ffmpeg");
  return ffmpeg;
}

export const H264 = "-c:v libx264 -preset ultrafast -bf 2 -g 48 -pix_fmt yuv420p";

/** Four seconds of a moving test picture (24 a second) and a tone of 440 Hz, encoded as the words say. */
export async function makeFilm(extension: string, encoding: string, source = PICTURE_AND_TONE): Promise<Uint8Array> {
  return inFolder(async (folder) => {
    const path = join(folder, `film.${extension}`);
    await run("ffmpeg", [...`-v error -y ${source} -strict -2 ${encoding}`.split(" "), path]);
    return readFile(path);
  });
}

const PICTURE = "-f lavfi -i testsrc2=size=320x180:rate=24";
export const TONE = "-f lavfi -i sine=440:r=48000 -t 4";
const PICTURE_AND_TONE = `${PICTURE} ${TONE}`;

/** Twelve seconds at a constant 8 Mb/s with a keyframe every four seconds: the bit rate of a good film. */
export function makeHeavyFilm(extension = "mkv", sound = "-c:a ac3", soundDelaySeconds = 0): Promise<Uint8Array> {
  return makeFilm(
    extension,
    `-c:v libx264 -preset ultrafast -bf 2 -g 96 -keyint_min 96 -sc_threshold 0 -b:v 8M -minrate 8M -maxrate 8M -bufsize 8M -nal-hrd cbr -pix_fmt yuv420p ${sound}`,
    `-f lavfi -i testsrc2=size=640x360:rate=24 -itsoffset ${soundDelaySeconds} -f lavfi -i sine=440:r=48000 -t 12`,
  );
}

export interface ProbedStream {
  readonly codec: string;
  readonly tag: string;
  readonly frames: number;
  readonly keyframes: number;
  readonly startSeconds: number;
  /** Decoding times in the order of the file. */
  readonly dts: readonly number[];
}

/** What ffprobe finds after decoding all of it. Rejects if anything in it cannot be decoded. */
export async function probe(bytes: Uint8Array): Promise<ProbedStream[]> {
  return inFolder(async (folder) => {
    const path = join(folder, "output.mp4");
    await writeFile(path, bytes);
    const entries = "stream=index,codec_name,codec_tag_string,start_time,nb_read_frames:packet=stream_index,dts,flags";
    const { stdout, stderr } = await run("ffprobe", [
      ..."-v error -count_frames -show_packets -show_streams -of json -show_entries".split(" "),
      entries,
      path,
    ]);
    if (stderr !== "") throw new Error(stderr);
    return streamsOf(JSON.parse(stdout));
  });
}

interface ProbeOutput {
  readonly streams: readonly Record<string, string>[];
  readonly packets: readonly { readonly stream_index: number; readonly dts: number; readonly flags: string }[];
}

function streamsOf({ streams, packets }: ProbeOutput): ProbedStream[] {
  return streams.map((stream, index) => ({
    codec: stream["codec_name"] ?? "",
    tag: stream["codec_tag_string"] ?? "",
    frames: Number(stream["nb_read_frames"]),
    startSeconds: Number(stream["start_time"]),
    keyframes: packets.filter((packet) => packet.stream_index === index && packet.flags.startsWith("K")).length,
    dts: packets.filter((packet) => packet.stream_index === index).map(({ dts }) => dts),
  }));
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "riptide-film-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(program: string, args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(program, args, { maxBuffer: 64 * 1024 * 1024 });
}

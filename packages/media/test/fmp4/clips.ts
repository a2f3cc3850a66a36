import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Runs with an empty folder of its own, which is gone afterwards. */
async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "riptide-fmp4-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const PICTURE = "-f lavfi -i testsrc2=size=320x180:rate=24000/1001";
const TONE = "-f lavfi -i sine=440:r=48000";

/** Two seconds of a moving picture and a tone, encoded as the words say, in Matroska. */
export async function makeClip(encoding: string, source = `${PICTURE} ${TONE} -t 2`): Promise<Uint8Array> {
  return inFolder(async (folder) => {
    const path = join(folder, "clip.mkv");
    await run("ffmpeg", [...`-v error -y ${source} -strict -2 ${encoding}`.split(" "), path]);
    return new Uint8Array(await readFile(path));
  });
}

/** The same packets in MP4 by ffmpeg. */
export async function muxedByFfmpeg(clip: Uint8Array, options: string): Promise<Uint8Array> {
  return inFolder(async (folder) => {
    const [source, result] = [join(folder, "clip.mkv"), join(folder, "clip.mp4")];
    await writeFile(source, clip);
    const words = `-v error -i ${source} -map 0 -c copy -strict -2 ${options}`.split(" ").filter(Boolean);
    await run("ffmpeg", [...words, result]);
    return new Uint8Array(await readFile(result));
  });
}

interface ProbedPacket {
  readonly ptsSeconds: number;
  readonly dtsSeconds: number;
  readonly sizeBytes: number;
  readonly isKeyframe: boolean;
}

export interface Probed {
  /** By index of stream, in the order of the file. */
  readonly packets: readonly (readonly ProbedPacket[])[];
  readonly codecs: readonly string[];
  readonly durationSeconds: number;
}

/** What ffprobe reads from a file. Rejects if it warns of anything. */
export async function probe(file: Uint8Array, extension: "mkv" | "mp4"): Promise<Probed> {
  return inFolder(async (folder) => {
    const path = join(folder, `file.${extension}`);
    await writeFile(path, file);
    const options = "-v warning -show_packets -show_streams -show_format -of json".split(" ");
    const { stdout, stderr } = await run("ffprobe", [...options, path], { maxBuffer: 2 ** 26 });
    if (stderr !== "") throw new Error(stderr);
    return probedOf(JSON.parse(stdout));
  });
}

interface Output {
  readonly streams: readonly { readonly codec_name: string; readonly codec_tag_string: string }[];
  readonly packets: readonly (Readonly<Record<string, string>> & { readonly stream_index: number })[];
  readonly format: { readonly duration: string };
}

function probedOf({ streams, packets, format }: Output): Probed {
  return {
    packets: streams.map((_, index) => packets.filter((packet) => packet.stream_index === index).map(packetOf)),
    codecs: streams.map((stream) => `${stream.codec_name} ${stream.codec_tag_string}`),
    durationSeconds: Number(format.duration),
  };
}

function packetOf(packet: Readonly<Record<string, unknown>>): ProbedPacket {
  return {
    ptsSeconds: Number(packet["pts_time"]),
    dtsSeconds: Number(packet["dts_time"]),
    sizeBytes: Number(packet["size"]),
    isKeyframe: String(packet["flags"]).startsWith("K"),
  };
}

/** Decodes everything, and resolves with what ffmpeg complains of. */
export async function complaintsOf(file: Uint8Array): Promise<string> {
  return inFolder(async (folder) => {
    const path = join(folder, "file.mp4");
    await writeFile(path, file);
    // Frames keep their times: ffmpeg would round them to a frame rate that it guesses.
    const options = "-map 0 -fps_mode passthrough -enc_time_base -1 -f null -".split(" ");
    return (await run("ffmpeg", ["-v", "error", "-i", path, ...options])).stderr;
  });
}

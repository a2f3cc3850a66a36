import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type ProbedPacket as ContainerPacket, probePackets } from "./ffprobe.ts";

const run = promisify(execFile);
const OUTPUT_LIMIT_BYTES = 64 * 1024 * 1024;

/** A film made of another by ffmpeg: `arguments_` stand between input and output, parted by blanks. */
export function remade(film: Uint8Array, arguments_: string, extension: string): Promise<Uint8Array> {
  return inFolder(async (folder) => {
    const [input, output] = [join(folder, "input"), join(folder, `output.${extension}`)];
    await writeFile(input, film);
    await run("ffmpeg", ["-v", "error", "-i", input, ...arguments_.split(" "), output]);
    return new Uint8Array(await readFile(output));
  });
}

/** A film that ffmpeg makes of nothing else than `arguments_`, parted by blanks; `files` lie beside it, by their names. */
export function made(
  arguments_: string,
  extension: string,
  files: Readonly<Record<string, string>> = {},
): Promise<Uint8Array> {
  return inFolder(async (folder) => {
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    await run("ffmpeg", ["-v", "error", ...arguments_.split(" "), `film.${extension}`], { cwd: folder });
    return new Uint8Array(await readFile(join(folder, `film.${extension}`)));
  });
}

/** What ffprobe tells of the streams and chapters of a film, as it spells it. */
export interface ProbedFilm {
  readonly streams: readonly Readonly<Record<string, unknown>>[];
  readonly chapters: readonly {
    readonly start_time: string;
    readonly end_time: string;
    readonly tags?: { readonly title?: string };
  }[];
}

export function probedFilm(film: Uint8Array): Promise<ProbedFilm> {
  return inFolder(async (folder) => {
    const path = join(folder, "film");
    await writeFile(path, film);
    const wanted = "-v error -show_streams -show_chapters -of json".split(" ");
    const { stdout } = await run("ffprobe", [...wanted, path], { maxBuffer: OUTPUT_LIMIT_BYTES });
    const probed: ProbedFilm = JSON.parse(stdout);
    return probed;
  });
}

/** What ffmpeg complains of when it decodes the first twenty seconds of a film. */
export function decodingErrors(film: Uint8Array): Promise<string> {
  return inFolder(async (folder) => {
    const path = join(folder, "film");
    await writeFile(path, film);
    const { stderr } = await run("ffmpeg", ["-v", "error", "-i", path, "-t", "20", "-f", "null", "-"]);
    return stderr;
  });
}

/** What a film shows: by its time, in milliseconds, what each decoded picture is. */
export function framesOf(film: Uint8Array): Promise<ReadonlyMap<number, string>> {
  return inFolder(async (folder) => {
    const path = join(folder, "film");
    await writeFile(path, film);
    const words = "-map 0:v:0 -fps_mode passthrough -enc_time_base 1:1000 -f framemd5 pipe:1".split(" ");
    const { stdout } = await run("ffmpeg", ["-v", "error", "-copyts", "-i", path, ...words]);
    const lines = stdout.split("\n").filter((line) => line.startsWith("0,"));
    return new Map(lines.map((line) => line.split(",")).map((fields) => [Number(fields[2]), fields[5]!.trim()]));
  });
}

interface ProbedPacket {
  readonly pts: number;
  readonly dts: number;
  /** Undefined where ffprobe knows none. */
  readonly duration: number | undefined;
  readonly sha256: string;
  readonly isKeyframe: boolean;
}

export interface ProbedTrack {
  /** The container's number of the track. */
  readonly number: number;
  /** Of what ffmpeg gives its decoder first; undefined if that is nothing. */
  readonly configurationSha256: string | undefined;
  readonly packets: readonly ProbedPacket[];
}

interface ProbeOutput {
  readonly streams: readonly { readonly index: number; readonly id: string; readonly extradata_hash?: string }[];
  readonly packets: readonly {
    readonly stream_index: number;
    readonly pts: number;
    readonly dts: number;
    readonly duration?: number;
    readonly flags: string;
    readonly data_hash: string;
  }[];
}

/** What ffprobe tells of the packets of a film, edit lists applied, as the container has them. */
export function probedTracks(film: Uint8Array): Promise<ProbedTrack[]> {
  return inFolder(async (folder) => {
    const path = join(folder, "film");
    await writeFile(path, film);
    const wanted = "-v error -fflags noparse -show_streams -show_packets -show_data_hash sha256 -of json".split(" ");
    const { stdout } = await run("ffprobe", [...wanted, path], { maxBuffer: OUTPUT_LIMIT_BYTES });
    const { streams, packets }: ProbeOutput = JSON.parse(stdout);
    return streams.map(({ index, id, extradata_hash }) => ({
      number: Number(id),
      configurationSha256: extradata_hash?.slice("SHA256:".length),
      packets: packets
        .filter(({ stream_index }) => stream_index === index)
        .map(({ pts, dts, duration, flags, data_hash }) => {
          return { pts, dts, duration, sha256: data_hash.slice("SHA256:".length), isKeyframe: flags.startsWith("K") };
        }),
    }));
  });
}

/** What ffprobe reads of a film as `probePackets` does of a file. */
export function packetsOfContainer(film: Uint8Array): Promise<readonly ContainerPacket[]> {
  return inFolder(async (folder) => {
    const path = join(folder, "film");
    await writeFile(path, film);
    return probePackets(path);
  });
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "riptide-test-media-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

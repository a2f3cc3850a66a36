import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const OUTPUT_LIMIT_BYTES = 64 * 1024 * 1024;

/** A packet as ffmpeg's own demuxer and parsers have it. */
interface FfmpegPacket {
  readonly pts: number;
  readonly dts: number;
  readonly isKeyframe: boolean;
  readonly data: Uint8Array;
}

export interface FfmpegStream {
  /** The PID. */
  readonly number: number;
  readonly startPts: number;
  readonly packets: readonly FfmpegPacket[];
}

interface ProbeOutput {
  readonly streams: readonly { readonly index: number; readonly id: string; readonly start_pts: number }[];
  readonly packets: readonly {
    readonly stream_index: number;
    readonly pts: number;
    readonly dts: number;
    readonly size: string;
    readonly flags: string;
  }[];
}

/** The packets of a transport stream with their data, by ffprobe and ffmpeg. */
export async function ffmpegStreams(film: Uint8Array): Promise<readonly FfmpegStream[]> {
  const folder = await mkdtemp(join(tmpdir(), "riptide-test-mpegts-"));
  try {
    const path = join(folder, "film.ts");
    await writeFile(path, film);
    const words = "-v error -show_streams -show_packets -of json".split(" ");
    const { stdout } = await run("ffprobe", [...words, path], { maxBuffer: OUTPUT_LIMIT_BYTES });
    const probed: ProbeOutput = JSON.parse(stdout);
    const streams: FfmpegStream[] = [];
    for (const { index, id, start_pts } of probed.streams) {
      const raw = join(folder, `${index}.data`);
      await run("ffmpeg", [
        ..."-v error -y -i".split(" "),
        path,
        "-map",
        `0:${index}`,
        ..."-c copy -f data".split(" "),
        raw,
      ]);
      const bytes = new Uint8Array(await readFile(raw));
      let position = 0;
      const packets = probed.packets
        .filter(({ stream_index }) => stream_index === index)
        .map(({ pts, dts, size, flags }) => {
          const data = bytes.subarray(position, position + Number(size));
          position += Number(size);
          return { pts, dts, isKeyframe: flags.startsWith("K"), data };
        });
      if (position !== bytes.length) throw new Error("ffmpeg and ffprobe do not agree");
      streams.push({ number: Number(id), startPts: start_pts, packets });
    }
    return streams;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { CodedTrack, Packet, SubtitleTrack } from "../../src/index.ts";

/** The first subtitle track of a file and its packets, as ffprobe reads them. */
export async function readSubtitles(
  path: string,
): Promise<{ readonly track: CodedTrack; readonly packets: readonly Packet[] }> {
  const { streams, packets } = await ffprobe(path);
  const [stream] = streams;
  if (stream === undefined) throw new Error(`${path} has no subtitles`);
  const common = {
    kind: "subtitle",
    index: 0,
    language: undefined,
    title: undefined,
    isDefault: true,
    isForced: false,
    isForHearingImpaired: false,
  } as const;
  const track: CodedTrack = {
    number: stream.index,
    track: { ...common, codec: CODECS[stream.codec_name] ?? "unknown", codecTag: "" },
    timescale: Number(stream.time_base.replace("1/", "")),
    configuration: dumped(stream.extradata ?? ""),
    packetTicks: undefined,
  };
  return {
    track,
    packets: packets.map(({ pts, duration, data }) => ({
      trackNumber: stream.index,
      ptsTicks: pts,
      dtsTicks: undefined,
      durationTicks: duration,
      isKeyframe: true,
      data: dumped(data ?? ""),
    })),
  };
}

/** What ffmpeg writes when asked for the first subtitle track in a format. */
export async function convertedByFfmpeg(path: string, format: readonly string[]): Promise<Buffer> {
  const { stdout } = await promisify(execFile)(
    "ffmpeg",
    ["-nostdin", "-v", "error", "-i", path, "-map", "0:s:0", ...format, "pipe:1"],
    { encoding: "buffer", maxBuffer: 64 * 1024 * 1024 },
  );
  return stdout;
}

/** Puts a file of subtitles into a container. */
export async function muxByFfmpeg(from: string, into: string): Promise<void> {
  const codec = into.endsWith(".mp4") ? "mov_text" : "copy";
  await promisify(execFile)("ffmpeg", ["-nostdin", "-v", "error", "-y", "-i", from, "-c:s", codec, into]);
}

interface Probed {
  readonly streams: readonly {
    readonly index: number;
    readonly codec_name: string;
    readonly time_base: string;
    readonly extradata?: string;
  }[];
  readonly packets: readonly { readonly pts: number; readonly duration?: number; readonly data?: string }[];
}

async function ffprobe(path: string): Promise<Probed> {
  const wanted = ["-select_streams", "s:0", "-show_streams", "-show_packets", "-show_data", "-of", "json"];
  const { stdout } = await promisify(execFile)("ffprobe", ["-v", "error", ...wanted, path], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(stdout);
}

const CODECS: Readonly<Record<string, SubtitleTrack["codec"]>> = {
  subrip: "srt",
  ass: "ass",
  webvtt: "webvtt",
  mov_text: "mov_text",
  hdmv_pgs_subtitle: "pgs",
};

/** The bytes of a dump: `00000000: 5468 6973 …  This…`, 16 in a line. */
function dumped(dump: string): Uint8Array {
  const digits = dump.split("\n").map((line) => line.slice(10, 50).replace(/\s/g, ""));
  return new Uint8Array(Buffer.from(digits.join(""), "hex"));
}

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { AudioTrack, CodedTrack } from "@riptide/media";
import { readFfmpeg } from "../../../../test/films/ffmpeg.ts";

/** A packet of sound with the time that its container tells, in ticks of the sample rate. */
interface SoundPacket {
  readonly ptsTicks: number;
  readonly data: Uint8Array;
}

/** One track of sound, as a demuxer hands it over. */
export interface SoundSource {
  readonly track: CodedTrack;
  readonly packets: readonly SoundPacket[];
  readonly durationSeconds: number;
}

/** The first track of sound of a Matroska file: packets by `-c copy`, their times, in milliseconds, by ffprobe. */
export async function readSoundSource(path: string, codec: AudioTrack["codec"]): Promise<SoundSource> {
  const [described, listed, copied] = await Promise.all([
    probe(path, ["-show_data"], "stream=codec_name,sample_rate,channels,extradata:format=duration"),
    probe(path, [], "packet=pts_time,size"),
    readFfmpeg(["-i", path, "-map", "0:a:0", "-c", "copy", "-f", "data", "pipe:1"]),
  ]);
  const [stream] = described.streams!;
  const sampleRateHz = Number(stream!.sample_rate);
  let position = 0;
  return {
    track: {
      ...codedTrack(
        codec,
        sampleRateHz,
        stream!.channels,
        configurationOf(codec, fromHexDump(stream!.extradata ?? "")),
      ),
      pcm: pcmFormatOf(stream!.codec_name),
    },
    durationSeconds: Number(described.format!.duration),
    packets: listed.packets!.map(({ pts_time: time, size }) => {
      const start = position;
      position += Number(size);
      return { ptsTicks: Math.round(Number(time) * sampleRateHz), data: copied.stdout.subarray(start, position) };
    }),
  };
}

interface Probed {
  readonly streams?: { codec_name: string; sample_rate: string; channels: number; extradata?: string }[];
  readonly packets?: { pts_time: string; size: string }[];
  readonly format?: { duration: string };
}

const ANSWER_LIMIT_BYTES = 64 * 1024 * 1024;

async function probe(path: string, flags: readonly string[], entries: string): Promise<Probed> {
  const words = ["-v", "error", "-select_streams", "a:0", ...flags, "-show_entries", entries, "-of", "json", path];
  const { stdout } = await promisify(execFile)("ffprobe", words, { maxBuffer: ANSWER_LIMIT_BYTES });
  return JSON.parse(stdout);
}

/** By the names of ffmpeg: `pcm_s24le`. */
function pcmFormatOf(name: string): CodedTrack["pcm"] {
  const [, kind, bits, order] = /^pcm_([sf])(\d+)(le|be)$/.exec(name) ?? [];
  if (kind === undefined) return undefined;
  return {
    kind: kind === "f" ? "float" : "signed",
    byteOrder: order === "be" ? "big" : "little",
    bitsPerSample: Number(bits),
  };
}

/** ffmpeg keeps the whole box that QuickTime has. */
function configurationOf(codec: AudioTrack["codec"], extradata: Uint8Array): Uint8Array {
  return codec === "alac" ? extradata.subarray(12) : extradata;
}

function codedTrack(
  codec: AudioTrack["codec"],
  sampleRateHz: number,
  channels: number,
  configuration: Uint8Array,
): CodedTrack {
  const unsaid = { codecString: undefined, language: undefined, title: undefined };
  return {
    number: 1,
    track: { kind: "audio", index: 0, codec, codecTag: "", isDefault: true, channels, sampleRateHz, ...unsaid },
    timescale: sampleRateHz,
    configuration,
    packetTicks: undefined,
  };
}

/** Lines of ffprobe: `00000000: 1200 1200 0000 0000 0000 0000 0bb8 0170  ...............p`. */
function fromHexDump(dump: string): Uint8Array {
  const digits = dump.split("\n").map((line) => line.slice(10, 50).replaceAll(" ", ""));
  return Buffer.from(digits.join(""), "hex");
}

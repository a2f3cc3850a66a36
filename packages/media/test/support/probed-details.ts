import type { AudioTrack, Track, VideoTrack } from "../../src/index.ts";
import type { ProbedFilm } from "./ffmpeg.ts";

type ProbedStream = ProbedFilm["streams"][number];

/** What ffprobe says of pictures and sounds, in our words. */
export function probedDetails({ streams }: ProbedFilm) {
  return streams.map((stream) => (stream["codec_type"] === "video" ? pictureOf(stream) : soundOf(stream)));
}

/** The same of our tracks. */
export function ownDetails(tracks: readonly Track[]) {
  return tracks.flatMap<object>((track) => {
    if (track.kind === "subtitle") return [];
    return track.kind === "video" ? [ownPicture(track)] : [ownSound(track)];
  });
}

function ownPicture(track: VideoTrack) {
  const { profile, level, bitDepth, chromaSubsampling, colour, pixelAspectRatio, rotationDegrees } = track;
  return {
    profile,
    level,
    bitDepth,
    chromaSubsampling,
    colour: colour && { ...colour },
    pixelAspectRatio: pixelAspectRatio && `${pixelAspectRatio.width}:${pixelAspectRatio.height}`,
    rotationDegrees: rotationDegrees ?? 0,
  };
}

function ownSound({ channels, channelLayout, sampleRateHz, bitDepth }: AudioTrack) {
  return { channels, channelLayout, sampleRateHz, bitDepth };
}

function pictureOf(stream: ProbedStream) {
  const codec = text(stream, "codec_name") ?? "";
  const format = /^yuvj?(\d)(\d)(\d)p(\d+)?/.exec(text(stream, "pix_fmt") ?? "") ?? [];
  const rotations: unknown = stream["side_data_list"];
  const [side] = Array.isArray(rotations) ? rotations.filter((data) => "rotation" in data) : [];
  return {
    profile: PROFILES.get(text(stream, "profile") ?? "") ?? stream["profile"],
    level: levelOf(codec, Number(stream["level"])),
    bitDepth: Number(format[4] ?? 8),
    chromaSubsampling: `${format[1]}:${format[2]}:${format[3]}`,
    colour: colourOf(stream),
    pixelAspectRatio: stream["sample_aspect_ratio"],
    rotationDegrees: (360 - Number(side?.rotation ?? 0)) % 360,
  };
}

function text(stream: ProbedStream, field: string): string | undefined {
  const value = stream[field];
  return typeof value === "string" ? value : undefined;
}

function soundOf(stream: ProbedStream) {
  const bits = Number(stream["bits_per_raw_sample"] ?? stream["bits_per_sample"]);
  return {
    channels: stream["channels"],
    // Unknown to ffprobe where a container knows nothing but the number of channels.
    ...(stream["channel_layout"] !== undefined && {
      channelLayout: text(stream, "channel_layout")?.replace("(side)", ""),
    }),
    sampleRateHz: Number(stream["sample_rate"]),
    bitDepth: bits > 0 ? bits : undefined,
  };
}

const PROFILES = new Map([["Rext", "Format Range Extensions"]]);

function levelOf(codec: string, level: number): number | undefined {
  if (codec === "av1") return 2 + (level >> 2) + (level & 3) / 10;
  return level > 0 ? level / (codec === "hevc" ? 30 : 10) : undefined;
}

function colourOf(stream: ProbedStream) {
  const code = (field: string, codes: Readonly<Record<string, number>>) => codes[text(stream, field) ?? "unknown"];
  const colour = {
    primaries: code("color_primaries", { bt709: 1, unknown: 2, bt470bg: 5, smpte170m: 6, bt2020: 9 }),
    transfer: code("color_transfer", {
      bt709: 1,
      unknown: 2,
      smpte170m: 6,
      "bt2020-10": 14,
      smpte2084: 16,
      "arib-std-b67": 18,
    }),
    matrix: code("color_space", { bt709: 1, unknown: 2, bt470bg: 5, smpte170m: 6, bt2020nc: 9 }),
    isFullRange: stream["color_range"] === undefined ? undefined : stream["color_range"] === "pc",
  };
  const saysNothing = colour.primaries === 2 && colour.transfer === 2 && colour.matrix === 2;
  return saysNothing && colour.isFullRange === undefined ? undefined : colour;
}

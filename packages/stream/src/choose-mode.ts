import type { AudioCodec, Container, MediaInfo, VideoCodec } from "@riptide/media";

/** How a file is streamed to a client, and why: whole sentences for a person. */
export interface StreamChoice {
  readonly mode: "direct" | "remux";
  readonly reasons: readonly string[];
}

/** Chooses the cheapest way in which a client that says nothing about itself can most likely play the file. */
export function chooseMode(info: MediaInfo): StreamChoice {
  const { name, video, audio } = BROWSER_SUPPORT[info.container];
  if (video.length === 0 && audio.length === 0) {
    return { mode: "remux", reasons: [`Browsers do not play ${name}; it is repackaged as MP4.`] };
  }
  const problems = [
    ...(playsDefault(info, "video", video) ? [] : ["Most browsers cannot show its picture; it is converted."]),
    ...(playsDefault(info, "audio", audio) ? [] : ["Most browsers cannot play its sound; it is converted."]),
  ];
  if (problems.length === 0) return { mode: "direct", reasons: [`Browsers play this ${name} file as it is.`] };
  if (info.isFastStart !== false) return { mode: "remux", reasons: problems };
  return {
    mode: "direct",
    reasons: [
      "Most browsers cannot play all of it, but its index lies at its end, so it cannot be converted while it loads.",
    ],
  };
}

/** What a player starts with is the default track of a kind, or the first one. */
function playsDefault(info: MediaInfo, kind: "video" | "audio", codecs: readonly string[]): boolean {
  const tracks = info.tracks.filter((track) => track.kind === kind);
  const track = tracks.find(({ isDefault }) => isDefault) ?? tracks[0];
  return track === undefined || codecs.includes(track.codec);
}

interface Support {
  readonly name: string;
  readonly video: readonly VideoCodec[];
  readonly audio: readonly AudioCodec[];
}

/**
 * What nearly every browser plays from a file. Matroska is missing: Chromium plays it, but silently where the sound is AC-3
 * or DTS, and Firefox loads all of it first. HEVC is listed: who lacks it is not helped by a copy in another box.
 */
const BROWSER_SUPPORT: Readonly<Record<Container, Support>> = {
  mp4: { name: "MP4", video: ["h264", "hevc", "av1", "vp9"], audio: ["aac", "mp3", "opus", "flac"] },
  webm: { name: "WebM", video: ["vp8", "vp9", "av1"], audio: ["opus", "vorbis"] },
  ogg: { name: "Ogg", video: [], audio: ["opus", "vorbis", "flac"] },
  matroska: { name: "Matroska", video: [], audio: [] },
  avi: { name: "AVI", video: [], audio: [] },
  mpegts: { name: "MPEG-TS", video: [], audio: [] },
  flv: { name: "FLV", video: [], audio: [] },
  asf: { name: "Windows Media", video: [], audio: [] },
};

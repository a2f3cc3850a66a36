import type { Container, MediaInfo } from "@riptide/media";

/** How a file is streamed to a client, and why: whole sentences for a person. */
export interface StreamChoice {
  readonly mode: "direct" | "remux";
  readonly reasons: readonly string[];
}

/**
 * Chooses for a client that says nothing about itself. MP4 and WebM are what everybody plays in some way, and clients rely on
 * getting their original bytes with ranges; everything else becomes MP4, but for sound in Ogg, which browsers play.
 */
export function chooseMode(info: MediaInfo): StreamChoice {
  const { container, tracks } = info;
  const name = NAMES[container];
  const isSound = tracks.every((track) => track.kind !== "video");
  if (container === "mp4" || container === "webm" || (container === "ogg" && isSound)) {
    return { mode: "direct", reasons: [`Browsers play ${name} as it is.`, ...doubts(info)] };
  }
  return { mode: "remux", reasons: [`Browsers do not play ${name}; it is repackaged as MP4.`] };
}

/** What may fail in a browser all the same: a client that knows its own codecs can ask for `remux.mp4` instead. */
function doubts({ container, tracks }: MediaInfo): string[] {
  const track =
    tracks.find(({ kind, isDefault }) => kind === "audio" && isDefault) ?? tracks.find(({ kind }) => kind === "audio");
  if (container !== "mp4" || track === undefined || PLAYED_SOUND.includes(track.codec)) return [];
  return ["Most browsers cannot play its sound; remux.mp4 converts it."];
}

const PLAYED_SOUND: readonly string[] = ["aac", "mp3", "opus", "flac"];

const NAMES: Readonly<Record<Container, string>> = {
  mp4: "MP4",
  webm: "WebM",
  ogg: "Ogg",
  matroska: "Matroska",
  avi: "AVI",
  mpegts: "MPEG-TS",
  flv: "FLV",
  asf: "Windows Media",
};

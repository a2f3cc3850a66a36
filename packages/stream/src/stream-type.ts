import type { Container, MediaInfo } from "@riptide/media";
import { CONVERTED_AUDIO, CONVERTED_VIDEO, codecInFragments } from "./client-abilities.ts";
import type { PlaybackChoice } from "./playback.ts";

/** Those that `remux.mp4?t=` enters in the middle: of the others, ffmpeg is fed the file from its start. */
const ENTERED_CONTAINERS: ReadonlySet<Container> = new Set(["matroska", "webm", "mp4", "mpegts", "avi"]);

/**
 * The media type with codecs (RFC 6381) of the one stream that a choice leads to, for a player that appends it to a `SourceBuffer` and
 * seeks by asking for another `?t=`. Undefined if there is no such stream, if it can only be had from the start of the film, or
 * if nothing tells what is in it.
 */
export function streamType(
  { container, tracks }: MediaInfo,
  { mode, video, audio }: PlaybackChoice,
): string | undefined {
  if ((mode !== "remux" && mode !== "transcode") || !ENTERED_CONTAINERS.has(container)) return undefined;
  const codecs = tracks.flatMap((track) => {
    const choice = track.kind === "video" ? video : audio[0];
    if (track.kind === "subtitle" || track.index !== choice?.index) return [];
    return [choice.treatment === "copy" ? codecInFragments(track) : CONVERTED[track.kind]];
  });
  if (codecs.includes(undefined)) return undefined;
  return `${video === undefined ? "audio" : "video"}/mp4; codecs="${codecs.join(",")}"`;
}

const CONVERTED = { video: CONVERTED_VIDEO, audio: CONVERTED_AUDIO } as const;

import type { AudioCodec, AudioTrack, Container, VideoTrack } from "@riptide/media";
import { type FragmentClient, hasTooManyChannels } from "./known-client.ts";
import { audioTreatment, SEGMENT_CONVERTIBLE_AUDIO, videoTreatment } from "./plan-remux.ts";
import {
  type AudioChoice,
  type Film,
  type PlaybackChoice,
  type PlaybackContext,
  type PlaybackMode,
  unsupportedPlayback,
} from "./playback.ts";
import { type PlaybackReasonCode, playbackReason } from "./playback-reasons.ts";

/** Those that we demux ourselves, so that a segment can be made from its own bytes; the others go through ffmpeg as one stream. */
const SEGMENTED_CONTAINERS: ReadonlySet<Container> = new Set(["matroska", "webm", "mp4", "mpegts"]);
/** Our own muxer copies them too, for the few clients that play them (Safari, Edge, television sets). */
const DOLBY: ReadonlySet<AudioCodec> = new Set(["ac3", "eac3"]);

/** How a film is played as fragmented MP4 that is made on the way. `doubts` say why it is not played as a file. */
export function playbackInFragments(
  film: Film,
  client: FragmentClient,
  context: PlaybackContext,
  doubts: readonly PlaybackReasonCode[],
): PlaybackChoice {
  const { container, video } = film;
  const isVideoCopied = video === undefined || canCopyVideo(container, video, client);
  const obstacle = isVideoCopied ? undefined : videoObstacle(client, context);
  if (obstacle !== undefined) return unsupportedPlayback([...doubts, obstacle]);
  const { audio, obstacle: audioObstacle, notes } = playableAudio(film, client, context);
  if (audioObstacle !== undefined) return unsupportedPlayback([...doubts, audioObstacle]);
  if (!context.hasFfmpeg && !SEGMENTED_CONTAINERS.has(container)) {
    return unsupportedPlayback([...doubts, "unsupported_no_ffmpeg"]);
  }
  const isAudioCopied = audio[0]?.treatment !== "aac";
  const inSegments = audio.filter((choice) => isSegmented(choice, film));
  const isAudioSegmented = inSegments[0] === audio[0];
  const { mode, why } = surface(film, client, context, { isVideoCopied, isAudioCopied, isAudioSegmented });
  const done: PlaybackReasonCode[] = [
    ...(isVideoCopied ? [] : (["video_converted"] as const)),
    ...(isAudioCopied ? [] : (["audio_converted"] as const)),
    "repackaged",
  ];
  return {
    mode,
    reasons: [...doubts, ...film.notes, ...notes, ...why, ...done].map(playbackReason),
    video: video && { index: video.index, treatment: isVideoCopied ? "copy" : "h264" },
    audio: mode === "hls" ? inSegments : audio.slice(0, 1),
  };
}

function isSegmented({ index, treatment }: AudioChoice, { audio, otherAudio }: Film): boolean {
  const isConvertible = [audio, ...otherAudio].some(
    (track) => track?.index === index && SEGMENT_CONVERTIBLE_AUDIO.has(track.codec),
  );
  return treatment === "copy" || isConvertible;
}

function canCopyVideo(container: Container, track: VideoTrack, client: FragmentClient): boolean {
  return videoTreatment(container, track) !== "h264" && client.playsInFragments(track);
}

function videoObstacle(client: FragmentClient, context: PlaybackContext): PlaybackReasonCode | undefined {
  if (!client.playsConverted.video) return "unsupported_client";
  if (context.neverTranscodeVideo) return "unsupported_video_conversion";
  return context.hasFfmpeg ? undefined : "unsupported_no_ffmpeg";
}

interface PlayableAudio {
  /** The one that is played first. */
  readonly audio: readonly AudioChoice[];
  readonly obstacle?: PlaybackReasonCode;
  readonly notes: readonly PlaybackReasonCode[];
}

/** Without ffmpeg, a film is better heard with another of its sounds than not at all, unless that one was asked for. */
function playableAudio(film: Film, client: FragmentClient, context: PlaybackContext): PlayableAudio {
  const choose = (track: AudioTrack): AudioChoice[] => audioChoice(film.container, track, client, context);
  if (film.audio === undefined) return { audio: [], notes: [] };
  const [chosen] = choose(film.audio);
  const others = film.otherAudio.flatMap(choose);
  if (chosen !== undefined) return { audio: [chosen, ...others], notes: [] };
  if (context.hasFfmpeg) return { audio: [], obstacle: "unsupported_client", notes: [] };
  const isReplaceable = context.audioIndex === undefined && others.length > 0;
  return isReplaceable
    ? { audio: others, notes: ["audio_replaced"] }
    : { audio: [], obstacle: "unsupported_no_ffmpeg", notes: [] };
}

/** None, if the client cannot be made to play the track. */
function audioChoice(
  container: Container,
  track: AudioTrack,
  client: FragmentClient,
  { hasFfmpeg }: PlaybackContext,
): AudioChoice[] {
  const isDolby = DOLBY.has(track.codec) && SEGMENTED_CONTAINERS.has(container);
  const fitsMp4 = isDolby || audioTreatment(container, track) !== "aac";
  const isMixedDown = hasFfmpeg && hasTooManyChannels(track, client);
  if (fitsMp4 && client.playsInFragments(track) && !isMixedDown) return [{ index: track.index, treatment: "copy" }];
  return hasFfmpeg && client.playsConverted.audio ? [{ index: track.index, treatment: "aac" }] : [];
}

type SurfaceCondition = "isVideoCopied" | "isAudioCopied" | "isAudioSegmented";

function surface(
  { container }: Film,
  client: FragmentClient,
  { keyIndexKind, isExplorable = false, hasVirtualRemux }: PlaybackContext,
  { isVideoCopied, isAudioCopied, isAudioSegmented }: Readonly<Record<SurfaceCondition, boolean>>,
): { mode: PlaybackMode; why: readonly PlaybackReasonCode[] } {
  if (!isVideoCopied) return { mode: "transcode", why: [] };
  if (!SEGMENTED_CONTAINERS.has(container)) return { mode: "remux", why: ["not_segmented"] };
  if (keyIndexKind === undefined) {
    // One stream would start sooner, and could not be sought in at all.
    const isHls = isExplorable && client.takesHls && isAudioSegmented;
    return isHls ? { mode: "hls", why: ["index_explored"] } : { mode: "remux", why: ["no_key_index"] };
  }
  if (client.takesHls && !isAudioSegmented) return { mode: "remux", why: ["audio_not_segmented"] };
  if (client.takesHls) return { mode: "hls", why: [] };
  // The length of what is converted is not known before it is done.
  return { mode: hasVirtualRemux && isAudioCopied ? "virtual" : "remux", why: ["hls_not_played"] };
}

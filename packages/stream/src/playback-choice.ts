import type { AudioCodec, MediaInfo } from "@riptide/media";
import { chooseMode } from "./choose-mode.ts";
import { chosenAudio, chosenVideo, textTracks, usableAudio } from "./chosen-tracks.ts";
import type { ClientAbilities } from "./client-abilities.ts";
import { hasTooManyChannels, type KnownClient, knownClient, SILENT_CLIENT } from "./known-client.ts";
import { type Film, type PlaybackChoice, type PlaybackContext, unsupportedPlayback } from "./playback.ts";
import { playbackInFragments } from "./playback-in-fragments.ts";
import { type PlaybackReason, type PlaybackReasonCode, playbackReason } from "./playback-reasons.ts";

/**
 * Chooses the cheapest way in which a client can play a film with picture and sound. What a client says is believed, but where
 * browsers are known to be wrong: those are named by container and codec in `doubtsAboutFile`.
 *
 * A client that says nothing gets what `chooseMode` says.
 */
export function choosePlayback(
  info: MediaInfo,
  can: ClientAbilities | undefined,
  context: PlaybackContext,
): PlaybackChoice {
  const film = filmOf(info, context.audioIndex);
  if (can === undefined) return playbackOfSilentClient(info, film, context);
  if (typeof film === "string") return unsupportedPlayback([film]);
  const client = knownClient(can, info);
  const doubts = doubtsAboutFile(film, client, can, context);
  if (doubts.length > 0) return playbackInFragments(film, client, context, doubts);
  return playbackWithSubtitles(info, film, client, context) ?? playbackAsFile(info, film);
}

function filmOf(info: MediaInfo, audioIndex: number | undefined): Film | PlaybackReasonCode {
  const { container, tracks } = info;
  const video = chosenVideo(info);
  const audio = chosenAudio(info, audioIndex);
  if (audio === undefined && audioIndex !== undefined) return "unsupported_audio_track";
  if (video === undefined && tracks.some(({ kind }) => kind === "video")) return "unsupported_video";
  if (video === undefined && audio === undefined) return "unsupported_no_media";
  const isSilenced = audio === undefined && tracks.some(({ kind }) => kind === "audio");
  const otherAudio = usableAudio(info).filter((track) => track !== audio);
  return { container, video, audio, otherAudio, notes: isSilenced ? ["audio_unknown"] : [] };
}

function doubtsAboutFile(
  { container, video, audio }: Film,
  client: KnownClient,
  { isChromium, isFirefox }: ClientAbilities,
  { hasFfmpeg }: PlaybackContext,
): PlaybackReasonCode[] {
  const isMatroska = container === "matroska";
  const doubts: readonly [PlaybackReasonCode, boolean][] = [
    ["container_not_played", !client.opensFile],
    ["video_not_played", client.opensFile && video !== undefined && !client.playsInFile(video)],
    ["audio_not_played", client.opensFile && audio !== undefined && !client.playsInFile(audio)],
    // Nothing tells a browser which track to play: it takes the first one.
    ["audio_not_first", audio !== undefined && audio.index !== 0],
    ["audio_channels", hasFfmpeg && audio !== undefined && hasTooManyChannels(audio, client)],
    [
      "silent_in_chromium",
      isChromium === true && isMatroska && audio !== undefined && NOT_IN_CHROMIUM.has(audio.codec),
    ],
    ["read_whole_by_firefox", isFirefox === true && isMatroska],
  ];
  return doubts.filter(([, holds]) => holds).map(([code]) => code);
}

/** Measured in Chromium 156: the picture plays, no byte of sound is decoded, and no error is reported. */
const NOT_IN_CHROMIUM: ReadonlySet<AudioCodec> = new Set(["ac3", "eac3", "dts", "truehd"]);

/** Browsers that open Matroska show none of its subtitles. In segments they do: undefined if that would cost a conversion. */
function playbackWithSubtitles(
  info: MediaInfo,
  film: Film,
  client: KnownClient,
  context: PlaybackContext,
): PlaybackChoice | undefined {
  if (film.container !== "matroska" || textTracks(info).length === 0) return undefined;
  const choice = playbackInFragments(film, client, context, ["subtitles_not_shown"]);
  return choice.mode === "hls" && choice.audio[0]?.treatment !== "aac" ? choice : undefined;
}

function playbackAsFile({ isFastStart }: MediaInfo, film: Film): PlaybackChoice {
  const isIndexMoved = isFastStart === false;
  const codes = [isIndexMoved ? "index_moved" : "plays_as_it_is", ...film.notes] as const;
  return copied(film, isIndexMoved ? "virtual" : "direct", codes.map(playbackReason));
}

function copied(
  { video, audio }: Film,
  mode: "direct" | "virtual",
  reasons: readonly PlaybackReason[],
): PlaybackChoice {
  return {
    mode,
    reasons,
    video: video && { index: video.index, treatment: "copy" },
    audio: audio === undefined ? [] : [{ index: audio.index, treatment: "copy" }],
  };
}

/** The original bytes play the sound that the client takes by itself: another one that is asked for is remuxed. */
function playbackOfSilentClient(
  info: MediaInfo,
  film: Film | PlaybackReasonCode,
  context: PlaybackContext,
): PlaybackChoice {
  const { mode, reasons } = chooseMode(info);
  const assumed = reasons.map((message): PlaybackReason => ({ code: "client_unknown", message }));
  if (mode === "direct" && context.audioIndex === undefined) {
    // What we do not know may be played all the same.
    return typeof film === "string"
      ? { ...unsupportedPlayback([film]), mode, reasons: assumed }
      : copied(film, mode, assumed);
  }
  if (typeof film === "string") return unsupportedPlayback([film]);
  const choice = playbackInFragments(film, SILENT_CLIENT, { ...context, hasVirtualRemux: false }, []);
  return { ...choice, reasons: [...assumed, ...choice.reasons] };
}

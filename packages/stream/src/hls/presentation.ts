import { MediaError, type StreamContext } from "@riptide/core";
import {
  type AudioTrack,
  type CodedTrack,
  type Container,
  isMuxable,
  type MediaInfo,
  type SubtitleTrack,
  type VideoTrack,
} from "@riptide/media";
import type { AudioEncoderPool } from "@riptide/transcode";
import { chosenVideo, textTracks, usableAudio } from "../chosen-tracks.ts";
import type { Film, FilmLibrary } from "../film-library.ts";
import type { FilmSegments, NeededSegments } from "../film-segments.ts";
import { codedTrackOf } from "../film-tracks.ts";
import { type MediaLibrary, timed } from "../media-library.ts";
import { audioTreatment, SEGMENT_CONVERTIBLE_AUDIO, videoTreatment } from "../plan-remux.ts";
import type { SoundGrids } from "./sound-grids.ts";

export interface HlsDependencies {
  readonly library: MediaLibrary;
  readonly films: FilmLibrary;
  readonly grids: SoundGrids;
  /** Without it, no sound is converted. */
  readonly encoder: AudioEncoderPool | undefined;
}

/** A track of the film, and its packets. */
interface PresentedTrack<Kind> {
  readonly track: Kind;
  readonly coded: CodedTrack;
}

interface PresentedSound extends PresentedTrack<AudioTrack> {
  readonly treatment: "copy" | "aac";
}

/** A film cut into segments, and what of it is sent: the picture as it is, the sounds as they are or converted, the texts. */
export interface Presentation extends FilmSegments {
  readonly film: Film;
  readonly video: PresentedTrack<VideoTrack> | undefined;
  readonly sounds: readonly PresentedSound[];
  readonly texts: readonly PresentedTrack<SubtitleTrack>[];
}

/** What of a film is asked for. */
export interface WantedPresentation {
  /** Names sounds by their index; undefined: those that browsers do not play. */
  readonly toConvert: ReadonlySet<number> | undefined;
  readonly segments: NeededSegments;
}

/**
 * Rejects with `not_seekable` if the film cannot be cut by us, with `unsupported_media` if its picture, all its sound or a sound that
 * `toConvert` names would have to be converted in a way that segments cannot be, and like `FilmCutter.segments`.
 */
export async function openPresentation(
  wanted: WantedPresentation,
  context: StreamContext,
  { library, films }: HlsDependencies,
): Promise<Presentation> {
  const info = await library.mediaInfo(context);
  const film = await films.film(info.container, context);
  const cutter = film && (await films.cutter(film, context));
  if (film === undefined || cutter === undefined) throw notSegmented();
  const codedOf = <Kind extends MediaInfo["tracks"][number]>(track: Kind): PresentedTrack<Kind>[] => {
    const coded = codedTrackOf(film, track);
    return coded === undefined ? [] : [{ track, coded }];
  };
  const video = chosenVideo(info);
  const [presentedVideo] = video === undefined ? [] : codedOf(video);
  const isCopied =
    presentedVideo !== undefined &&
    videoTreatment(info.container, presentedVideo.track) !== "h264" &&
    isMuxable(presentedVideo.coded);
  const hasPicture = info.tracks.some(({ kind }) => kind === "video");
  if (hasPicture && !isCopied) throw notCopied();
  const sounds = usableAudio(info)
    .flatMap(codedOf)
    .flatMap((sound) => {
      const treatment = treatmentOf(sound, info.container, wanted.toConvert);
      return treatment === undefined ? [] : [{ ...sound, treatment }];
    });
  // Rather than play in silence.
  const needsSound = !hasPicture || usableAudio(info).length > 0;
  if (needsSound && sounds.length === 0) throw notCopied();
  const texts = textTracks(info).flatMap(codedOf);
  // Last, because it may wait for the swarm.
  const segments = await timed("index", context, () => cutter.segments(wanted.segments, context));
  return { ...segments, film, video: presentedVideo, sounds, texts };
}

/** What of our muxer and our encoder takes a sound as it is wanted; undefined if neither does. */
function treatmentOf(
  { track, coded }: PresentedTrack<AudioTrack>,
  container: Container,
  toConvert: ReadonlySet<number> | undefined,
): PresentedSound["treatment"] | undefined {
  const isInBrowsers = audioTreatment(container, track) !== "aac";
  const isPlayed = toConvert === undefined ? isInBrowsers : !toConvert.has(track.index);
  if (!isPlayed && SEGMENT_CONVERTIBLE_AUDIO.has(track.codec)) return "aac";
  if (toConvert?.has(track.index)) throw notConvertible(track.index);
  return isPlayed && isMuxable(coded) ? "copy" : undefined;
}

function notConvertible(index: number): MediaError {
  return new MediaError(
    "unsupported_media",
    `Sound ${index} of this film cannot be converted in segments. Leave it out of ?aac=, or play the film by remux.mp4.`,
  );
}

function notSegmented(): MediaError {
  return new MediaError(
    "not_seekable",
    "This file has no index that Riptide can cut it by. Play it from the start, by remux.mp4.",
  );
}

function notCopied(): MediaError {
  return new MediaError(
    "unsupported_media",
    "This film would have to be converted, which its segments cannot be. Play it by remux.mp4.",
  );
}

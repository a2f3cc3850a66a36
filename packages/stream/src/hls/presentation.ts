import { MediaError, type StreamContext } from "@riptide/core";
import {
  type AudioTrack,
  type CodedTrack,
  isMuxable,
  type MediaInfo,
  type SegmentPlan,
  type SubtitleTrack,
  type VideoTrack,
} from "@riptide/media";
import { chosenVideo, usableAudio } from "../chosen-tracks.ts";
import type { Film, FilmLibrary } from "../film-library.ts";
import { codedTrackOf } from "../film-tracks.ts";
import type { MediaLibrary } from "../media-library.ts";
import { audioTreatment, videoTreatment } from "../plan-remux.ts";

export interface HlsDependencies {
  readonly library: MediaLibrary;
  readonly films: FilmLibrary;
}

/** A track of the film, and its packets. */
export interface PresentedTrack<Kind> {
  readonly track: Kind;
  readonly coded: CodedTrack;
}

/** A film cut into segments, and what of it is sent: the picture as it is, the sounds as they are, the texts. */
export interface Presentation {
  readonly film: Film;
  readonly plan: SegmentPlan;
  /** Where the media begin: headers and attachments lie in front. */
  readonly mediaStartBytes: number;
  readonly video: PresentedTrack<VideoTrack> | undefined;
  readonly sounds: readonly PresentedTrack<AudioTrack>[];
  readonly texts: readonly PresentedTrack<SubtitleTrack>[];
}

/**
 * Rejects with `not_seekable` if the film has no index or cannot be cut by us, and with `unsupported_media` if its picture
 * would have to be converted.
 */
export async function openPresentation(
  context: StreamContext,
  { library, films }: HlsDependencies,
): Promise<Presentation> {
  const info = await library.mediaInfo(context);
  const film = await films.film(info.container, context);
  const plan = film && (await films.segments(film, context));
  const index = film && (await films.keyIndex(film, context));
  if (film === undefined || plan === undefined || index === undefined) throw notSegmented();
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
    .filter(({ track, coded }) => audioTreatment(info.container, track) === "copy" && isMuxable(coded));
  if (!hasPicture && sounds.length === 0) throw notCopied();
  const texts = info.tracks
    .filter((track) => track.kind === "subtitle")
    .filter(({ codec }) => TEXT_CODECS.has(codec))
    .flatMap(codedOf);
  return { film, plan, mediaStartBytes: index[0]!.offsetBytes, video: presentedVideo, sounds, texts };
}

const TEXT_CODECS: ReadonlySet<SubtitleTrack["codec"]> = new Set(["srt", "ass", "webvtt", "mov_text"]);

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

import { MediaError, type PieceProvider, type StreamContext, TranscodeError } from "@riptide/core";
import {
  concatenate,
  envelopeTrack,
  filmEnvelopeBlocks,
  filmEnvelopeHead,
  type KeyIndexEntry,
  keyIndexEntryAt,
  type MediaInfo,
  type VideoTrack,
} from "@riptide/media";
import type { Thumbnailer, ThumbnailPlan } from "@riptide/transcode";
import { chosenVideo } from "./chosen-tracks.ts";
import { keyOf } from "./file-key.ts";
import { type Film, type FilmLibrary, openFilm } from "./film-library.ts";
import { firstKeyframe } from "./film-packets.ts";
import { codedTrackOf } from "./film-tracks.ts";
import type { MediaLibrary } from "./media-library.ts";
import { MissingBytes, presentProvider, unlessMissing } from "./present-provider.ts";
import { SharedResults } from "./shared-results.ts";

/** Those that somebody looks at, beside those that play: their sample tables are read once more, for they may read nothing else. */
const FILMS_LIMIT = 2;
/** One each ten seconds of a film of 80 minutes. They take five megabytes, and 125 if somebody sees to it that they are noise. */
const PICTURES_LIMIT = 500;
/** Longer than any keyframe, and than what lies between a place of an index and the keyframe that it is about. */
const SEARCH_LIMIT_BYTES = 16 * 1024 * 1024;

export interface Thumbnail {
  readonly jpeg: Uint8Array;
  /** Time of the keyframe that it shows. */
  readonly timeSeconds: number;
}

export interface ThumbnailWish {
  readonly timeSeconds: number;
  readonly widthPixels: ThumbnailPlan["widthPixels"];
}

interface ThumbnailsOptions {
  readonly library: MediaLibrary;
  readonly films: FilmLibrary;
  readonly thumbnailer: Thumbnailer | undefined;
}

/** Small pictures of films, of the bytes that are there: not one is fetched for them. */
export class Thumbnails {
  readonly #options: ThumbnailsOptions;
  /** Opened anew, over bytes that are there alone: what the films that play still have to read must be fetched. */
  readonly #films = new SharedResults<Film | undefined>(FILMS_LIMIT);
  readonly #pictures = new SharedResults<Thumbnail>(PICTURES_LIMIT);

  constructor(options: ThumbnailsOptions) {
    this.#options = options;
  }

  /**
   * The last keyframe at or before a time, or the first one. Undefined if bytes are missing that tell where it is, or that it
   * consists of. Rejects with `ffmpeg_missing`, `unsupported_media` for a film whose packets we do not read or that has no picture,
   * like `StreamFactory.mediaInfo`, or like `Thumbnailer.picture`.
   */
  async thumbnail(context: StreamContext, wish: ThumbnailWish): Promise<Thumbnail | undefined> {
    const { thumbnailer, library } = this.#options;
    if (thumbnailer === undefined) throw ffmpegMissing();
    const info = await library.knownMediaInfo(context);
    return info && unlessMissing(() => this.#present(context, info, wish, thumbnailer));
  }

  /** Rejects with `MissingBytes`, too. */
  async #present(
    context: StreamContext,
    info: MediaInfo,
    { timeSeconds, widthPixels }: ThumbnailWish,
    thumbnailer: Thumbnailer,
  ): Promise<Thumbnail> {
    const provider = presentProvider(context.provider);
    const film = await this.#open(info, provider, context);
    const video = chosenVideo(info);
    const coded = film && video && codedTrackOf(film, video);
    const track = coded && envelopeTrack(coded, 1);
    if (film === undefined || video === undefined || track === undefined) throw noPicture();
    const entry = await this.#entryAt(film, timeSeconds, context);
    const key = `${keyOf(context.file)}-${entry.offsetBytes}-${widthPixels}`;
    return this.#pictures.get(key, context.signal, async (signal) => {
      const options = { signal, isAvailableOnly: true, limitBytes: SEARCH_LIMIT_BYTES };
      const place = { from: entry, trackNumber: track.coded.number };
      const packet = await firstKeyframe(film.demuxer, place, provider, options);
      if (packet === undefined) throw new MissingBytes();
      const envelope = concatenate([filmEnvelopeHead([track]), filmEnvelopeBlocks([track], [packet])]);
      const plan = planOf(video, widthPixels);
      const jpeg = await thumbnailer.picture({ plan, envelope, signal, client: context.client });
      return { jpeg, timeSeconds: packet.ptsTicks / track.coded.timescale };
    });
  }

  async #open({ container }: MediaInfo, provider: PieceProvider, context: StreamContext): Promise<Film | undefined> {
    const open = (signal: AbortSignal): Promise<Film | undefined> => openFilm(container, provider, signal);
    const film = await this.#films.get(keyOf(context.file), context.signal, open);
    film?.source.follow(provider);
    return film;
  }

  async #entryAt(film: Film, timeSeconds: number, context: StreamContext): Promise<KeyIndexEntry> {
    const known = await this.#options.films.knownRecord(context);
    const index = known?.keyIndex ?? (await film.demuxer.keyIndex(context));
    const listed = index && keyIndexEntryAt(index, timeSeconds);
    const entry = await (film.demuxer.findEntry?.(timeSeconds, listed, context) ?? listed);
    if (entry === undefined) throw noPicture();
    return entry;
  }
}

/** What a container says of pixels goes before what its stream says; what is beyond reason is the stream's to say. */
function planOf({ pixelAspectRatio, rotationDegrees }: VideoTrack, widthPixels: 160 | 320): ThumbnailPlan {
  const isUsable = pixelAspectRatio !== undefined && Math.max(pixelAspectRatio.width, pixelAspectRatio.height) < 65_536;
  return {
    widthPixels,
    rotationDegrees: TURNS.find((degrees) => degrees === rotationDegrees) ?? 0,
    ...(isUsable && { pixelAspectRatio }),
  };
}

const TURNS = [0, 90, 180, 270] as const;

function noPicture(): MediaError {
  return new MediaError("unsupported_media", "This file has no pictures that Riptide can show by themselves. Play it.");
}

function ffmpegMissing(): TranscodeError {
  return new TranscodeError(
    "ffmpeg_missing",
    "Small pictures of films need ffmpeg. Install ffmpeg 5.1 or newer and start Riptide again.",
  );
}

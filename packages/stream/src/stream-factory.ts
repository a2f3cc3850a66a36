import type { Clock, StreamContext, StreamProducer } from "@riptide/core";
import type { Attachment, Chapter, MediaInfo } from "@riptide/media";
import {
  AudioEncoderPool,
  type FfmpegExit,
  type FfmpegInstallation,
  type Isolation,
  ProcessPool,
  Thumbnailer,
  Transcoder,
} from "@riptide/transcode";
import { ChapterLibrary } from "./chapter-library.ts";
import { chooseMode, type StreamChoice } from "./choose-mode.ts";
import type { ClientAbilities } from "./client-abilities.ts";
import { createDirectProducer } from "./direct-producer.ts";
import { FilmLibrary } from "./film-library.ts";
import type { FilmNotes } from "./film-notes.ts";
import { filmPlayback } from "./film-playback.ts";
import { type FilmTimes, filmTimes } from "./film-times.ts";
import { createHlsProducer } from "./hls/hls-producer.ts";
import { MediaLibrary } from "./media-library.ts";
import type { PlaybackChoice } from "./playback.ts";
import { type Preparation, type PreparedPart, prepareFilm } from "./preparation.ts";
import { createRemuxProducer } from "./remux-producer.ts";
import { AttachmentLibrary } from "./subtitles/attachment-library.ts";
import { externalSubtitles } from "./subtitles/external-subtitles.ts";
import { createSubtitleTurns } from "./subtitles/sidecar-response.ts";
import { createSubtitlesProducer } from "./subtitles/subtitles-producer.ts";
import { type Thumbnail, Thumbnails, type ThumbnailWish } from "./thumbnails.ts";
import { createVirtualProducer } from "./virtual/virtual-producer.ts";

export interface StreamFactoryOptions {
  /** Without it nothing can be converted; everything else works. */
  readonly ffmpeg: FfmpegInstallation | undefined;
  readonly clock: Clock;
  /** Films whose picture would have to be converted are refused: that keeps a processor busy for as long as they play. */
  readonly neverTranscodeVideo?: boolean;
  /** Keeps what was read of films from one run to the next. Without it, each run reads it anew. */
  readonly notes?: FilmNotes | undefined;
}

/**
 * Reads what a file is, and chooses and makes the streams of it. Content decides, never a name. Disposing kills the processes that
 * convert sound for HLS, and resolves when they are gone.
 */
export interface StreamFactory extends AsyncDisposable {
  /** Rejects with `MediaError` `not_media` or `damaged_media`, or with what the provider rejects with. */
  mediaInfo(context: StreamContext): Promise<MediaInfo>;
  /** What `default` does for this file, and why. Rejects like `mediaInfo`. */
  choose(context: StreamContext): Promise<StreamChoice>;
  /** How a client that says what it plays gets this file, and why. Rejects like `mediaInfo`. */
  playback(context: StreamContext, can: ClientAbilities, audioIndex?: number): Promise<PlaybackChoice>;
  /** Direct or remux, as `choose` says. */
  readonly default: StreamProducer;
  /** The original bytes of any file, media or not. */
  readonly direct: StreamProducer;
  /** Fragmented MP4 as one stream. Rejects with `ffmpeg_missing` where something must be converted and there is none. */
  readonly remux: StreamProducer;
  /** A file of fixed length with ranges: MP4 with its index in front, or Matroska and WebM made into MP4 on the way. */
  readonly virtual: StreamProducer;
  /** HLS: playlists and segments of fragmented MP4 and WebVTT. */
  readonly hls: StreamProducer;
  /** Tracks of subtitles, files of subtitles, and the fonts that they need. */
  readonly subtitles: StreamProducer;
  /** A file of subtitles that a viewer has, as WebVTT, when it is its turn among all such files. Rejects like the function of this name. */
  externalSubtitles(bytes: Uint8Array, signal: AbortSignal): Promise<string>;
  /** What is attached to a film; waits for the headers of all of it, behind what is more urgent. Rejects like `mediaInfo`. */
  attachments(context: StreamContext): Promise<readonly Attachment[]>;
  /** The same if it can be told without fetching anything for it. Rejects like `mediaInfo`. */
  knownAttachments(context: StreamContext): Promise<readonly Attachment[] | undefined>;
  /** The chapters of a film; waits for the bytes that tell them, behind what is more urgent. Rejects like `mediaInfo`. */
  chapters(context: StreamContext): Promise<readonly Chapter[]>;
  /** The same if they can be told without fetching anything for them. Rejects like `mediaInfo`. */
  knownChapters(context: StreamContext): Promise<readonly Chapter[] | undefined>;
  /** A small picture of a film of the bytes that are there; undefined if they do not suffice. Rejects with `MediaError` or `TranscodeError`. */
  thumbnail(context: StreamContext, wish: ThumbnailWish): Promise<Thumbnail | undefined>;
  /** How bytes of a film become its times, if its index is known already. Nothing of it is read. */
  knownTimes(file: KnownFile): Promise<FilmTimes | undefined>;
  /** Fetches what playing a film begins with, and a part of it, behind all who play. */
  prepare(context: StreamContext, part: PreparedPart | undefined): Preparation;
  /** The ffmpeg in use, and what it does. */
  readonly ffmpeg: FfmpegUse | undefined;
}

export interface FfmpegUse {
  readonly version: string;
  /** The processes that run now, and how many copies may (a video transcode counts as four). */
  readonly active: number;
  readonly limit: number;
  /** What of the machine they cannot reach. */
  readonly isolation?: Isolation | undefined;
  /** How many processes ended in which way. */
  readonly exits: Readonly<Record<FfmpegExit, number>>;
}

/** A file that nobody opens. */
interface KnownFile extends Pick<StreamContext, "file" | "signal"> {
  readonly sizeBytes: number;
}

export function createStreamFactory(options: StreamFactoryOptions): StreamFactory {
  const { ffmpeg, clock, neverTranscodeVideo = false, notes } = options;
  const films = new FilmLibrary(notes);
  const library = new MediaLibrary(notes, (file) => films.knownKeyIndex(file));
  const pool = new ProcessPool();
  const transcoder = ffmpeg && new Transcoder({ ffmpeg, clock, pool });
  const encoder = ffmpeg && new AudioEncoderPool({ ffmpeg, clock, pool });
  const thumbnailer = ffmpeg && new Thumbnailer({ ffmpeg, clock, pool });
  const thumbnails = new Thumbnails({ library, films, thumbnailer });
  const direct = createDirectProducer(library);
  const attachments = new AttachmentLibrary(library, notes);
  const chapters = new ChapterLibrary(library, notes);
  const turns = createSubtitleTurns();
  const remux = createRemuxProducer({ library, films, transcoder, neverTranscodeVideo });
  const settings = { hasFfmpeg: ffmpeg !== undefined, neverTranscodeVideo };
  const choose = async (context: StreamContext): Promise<StreamChoice> => chooseMode(await library.mediaInfo(context));
  return {
    mediaInfo: (context) => library.mediaInfo(context),
    choose,
    playback: (context, can, audioIndex) => filmPlayback(context, can, audioIndex, { library, films, settings }),
    default: {
      async produce(request, context) {
        const { mode } = await choose(context);
        return (mode === "direct" ? direct : remux).produce(request, context);
      },
    },
    direct,
    remux,
    virtual: createVirtualProducer({ library, films, direct }),
    hls: createHlsProducer({ library, films, encoder }),
    subtitles: createSubtitlesProducer({ library, films, attachments, turns }),
    async externalSubtitles(bytes, signal) {
      using _turn = await turns.take({ signal });
      return await externalSubtitles(bytes, signal);
    },
    attachments: (context) => attachments.list(context),
    knownAttachments: (context) => attachments.known(context),
    chapters: (context) => chapters.list(context),
    knownChapters: (context) => chapters.known(context),
    prepare: (context, part) => prepareFilm(context, part, { library, films }),
    thumbnail: (context, wish) => thumbnails.thumbnail(context, wish),
    knownTimes: (file) => knownTimes(file, films),
    get ffmpeg() {
      if (transcoder === undefined) return undefined;
      const { ffmpeg: installation, active, limit, isolation } = transcoder;
      return { version: installation.version, active, limit, isolation, exits: pool.exits };
    },
    [Symbol.asyncDispose]: async () => encoder?.[Symbol.asyncDispose](),
  };
}

async function knownTimes({ sizeBytes, ...file }: KnownFile, films: FilmLibrary): Promise<FilmTimes | undefined> {
  const { keyIndex, durationSeconds } = (await films.knownRecord(file)) ?? {};
  if (keyIndex === undefined || durationSeconds === undefined) return undefined;
  return filmTimes(keyIndex, { timeSeconds: durationSeconds, offsetBytes: sizeBytes });
}

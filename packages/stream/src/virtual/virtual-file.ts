import { type ByteRange, MediaError, type StreamContext } from "@riptide/core";
import { fastStartLayout, type MediaInfo } from "@riptide/media";
import type { NextChunk } from "../adaptive-body.ts";
import { copiedFilm } from "../copied-body.ts";
import { keyOf } from "../file-key.ts";
import type { FilmLibrary } from "../film-library.ts";
import { prepareFilm } from "../film-tracks.ts";
import type { MediaLibrary } from "../media-library.ts";
import { planRemux } from "../plan-remux.ts";
import type { SequentialReaderOptions } from "../sequential-reader.ts";
import { layOutFilm } from "./film-layout.ts";
import { FilmReader } from "./film-reader.ts";
import { PartsReader } from "./parts-reader.ts";

/**
 * Part of every entity tag: a download that was broken off must not go on with bytes of another layout. It changes with
 * whatever changes a byte of a virtual file: how films are muxed, cut into segments, and how much is set aside for each.
 */
const LAYOUT_VERSION = 2;

/** A file that is made while it is read: its bytes are a function of those of the original, in any order and at any time. */
export interface VirtualFile {
  readonly etag: string;
  readonly sizeBytes: number;
  /** Reads a range of it; demands what it needs until the signal in `options` is aborted. */
  open(range: ByteRange, context: ReadContext, options: SequentialReaderOptions): VirtualReader;
}

type ReadContext = Pick<StreamContext, "provider" | "chunks">;

interface VirtualReader {
  readonly next: NextChunk;
  /** Makes what the first bytes lie in, if they have to be made. */
  readonly prepare?: () => Promise<void>;
}

export interface VirtualDependencies {
  readonly library: MediaLibrary;
  readonly films: FilmLibrary;
}

/**
 * How a file becomes one that any player can read by ranges; undefined if it is one already, or cannot be rearranged.
 *
 * Rejects with `unsupported_media` where something would have to be converted, and like `planRemux`; with `not_seekable` like
 * `layOutFilm`; and with what the provider rejects with.
 */
export async function virtualFile(
  audioIndex: number | undefined,
  context: StreamContext,
  dependencies: VirtualDependencies,
): Promise<VirtualFile | undefined> {
  const info = await dependencies.library.mediaInfo(context);
  if (info.container === "mp4") return rearrangedFile(info, audioIndex, context);
  if (info.container !== "matroska" && info.container !== "webm") throw notCopied();
  return remuxedFile(info, audioIndex, context, dependencies.films);
}

/** All tracks stay in, and players take the first sound. */
async function rearrangedFile(
  info: MediaInfo,
  audioIndex: number | undefined,
  { provider: original, file, signal }: StreamContext,
): Promise<VirtualFile | undefined> {
  if (audioIndex !== undefined && audioIndex > 0) throw notFirstSound();
  const layout = info.isFastStart === false ? await fastStartLayout(original, { signal }) : undefined;
  return (
    layout && {
      etag: `"${keyOf(file)}-faststart-${LAYOUT_VERSION}"`,
      sizeBytes: layout.sizeBytes,
      open: (range, { provider }, options) => new PartsReader(layout, range, provider, options),
    }
  );
}

async function remuxedFile(
  info: MediaInfo,
  audioIndex: number | undefined,
  context: StreamContext,
  films: FilmLibrary,
): Promise<VirtualFile> {
  const plan = planRemux(info, audioIndex);
  // Whether it is played is for the client to know: here it is enough that MP4 can hold it.
  const audio = plan.audio && ({ index: plan.audio.index, codec: "copy" } as const);
  const copied = await copiedFilm({ ...plan, audio }, { info, audioIndex }, films, context);
  if (copied === undefined) throw notCopied();
  const layout = await layOutFilm(await prepareFilm(films, copied, context), films, context);
  return {
    etag: `"${keyOf(context.file)}-remux-${LAYOUT_VERSION}-${audio?.index ?? "silent"}"`,
    sizeBytes: layout.sizeBytes,
    open: (range, reading, options) => new FilmReader(layout, range, reading, options),
  };
}

function notCopied(): MediaError {
  return new MediaError(
    "unsupported_media",
    "This film would have to be converted, and how long it is then is not known before. Play it by remux.mp4.",
  );
}

function notFirstSound(): MediaError {
  return new MediaError(
    "unsupported_media",
    "This MP4 is sent with all of its sounds, of which players take the first. Play another one by remux.mp4.",
  );
}

import type { StreamContext } from "@riptide/core";
import type { KeyIndexSummary, MediaInfo } from "@riptide/media";
import type { ClientAbilities } from "./client-abilities.ts";
import type { FilmLibrary } from "./film-library.ts";
import type { MediaLibrary } from "./media-library.ts";
import type { PlaybackChoice, PlaybackContext } from "./playback.ts";
import { choosePlayback } from "./playback-choice.ts";
import { streamType } from "./stream-type.ts";

/** What is the same for all films of a server. */
type PlaybackSettings = Pick<PlaybackContext, "hasFfmpeg" | "neverTranscodeVideo">;

export interface FilmPlaybackDependencies {
  readonly library: MediaLibrary;
  readonly films: FilmLibrary;
  readonly settings: PlaybackSettings;
}

/**
 * How a client plays a film. The key index is looked for only where the choice hangs on it: it may lie at the end of the file.
 * Rejects like `MediaLibrary.mediaInfo`.
 */
export async function filmPlayback(
  context: StreamContext,
  can: ClientAbilities,
  audioIndex: number | undefined,
  { library, films, settings }: FilmPlaybackDependencies,
): Promise<PlaybackChoice> {
  const info = await library.mediaInfo(context);
  const choose = (cutBy: CutBy): PlaybackChoice => {
    const cut = { keyIndexKind: cutBy === "index" ? ANY_KIND : undefined, isExplorable: cutBy === "exploration" };
    return choosePlayback(info, can, { ...settings, ...cut, hasVirtualRemux: true, audioIndex });
  };
  const atBest = choose("index");
  const hangsOnIndex = atBest.mode === "hls" || atBest.mode === "virtual";
  const choice = hangsOnIndex ? choose(await cutByOf(info, films, context)) : atBest;
  return { ...choice, streamType: streamType(info, choice) };
}

/** What an index rests on makes no difference, once it is there. */
const ANY_KIND: KeyIndexSummary["kind"] = "cues";

type CutBy = "index" | "exploration" | undefined;

/** Of a film of a tenth of a second, hls.js waits for more for ever. It is one segment anyway, and one stream is the same. */
const EXPLORED_MIN_SECONDS = 1;

/** The headers may promise an index that is not there, or say nothing of one that is. */
async function cutByOf(info: MediaInfo, films: FilmLibrary, context: StreamContext): Promise<CutBy> {
  const film = await films.film(info.container, context);
  const cutter = film && (await films.cutter(film, context));
  if (cutter?.isExplored !== true) return cutter && "index";
  const isMoment = info.durationSeconds !== undefined && info.durationSeconds < EXPLORED_MIN_SECONDS;
  return isMoment ? undefined : "exploration";
}

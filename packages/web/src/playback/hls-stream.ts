import type {
  ErrorData,
  Events,
  FetchLoader,
  FragmentLoaderContext,
  default as Hls,
  HlsConfig,
  LoaderConfig,
} from "hls.js";
import { whyNotPlayable } from "../api/client.ts";
import { PICTURE_SECONDS } from "./feed-plan.ts";
import { BROKEN_OFF, NOT_DECODED, type StreamOptions, start } from "./stream.ts";

/** Plays another sound track of the film from here on. False if the segments have no such track. */
export type SwitchSound = (audio: number) => boolean;

/** Plays a film in segments through Media Source Extensions. What this takes is loaded when it is first needed. */
export async function playSegments(options: StreamOptions): Promise<SwitchSound> {
  const { video, url, startSeconds, audio, signal } = options;
  const { default: HlsPlayer, FetchLoader: Loader } = await import("hls.js");
  signal.throwIfAborted();
  const hls = new (withoutLiveEdge(HlsPlayer))({ ...CONFIG, fLoader: promptly(Loader), startPosition: startSeconds });
  signal.addEventListener("abort", () => hls.destroy());
  const switchSound: SwitchSound = (index) => selectTrack(hls, index);
  hls.on(HlsPlayer.Events.AUDIO_TRACKS_UPDATED, () => void (audio !== undefined && switchSound(audio)));
  hls.on(HlsPlayer.Events.FRAG_BUFFERED, (_event, { frag }) => endTrack(hls, frag, HlsPlayer.Events.BUFFER_EOS));
  const recover = recovery(hls, video);
  hls.on(HlsPlayer.Events.ERROR, (_event, error) => {
    if (error.fatal && !recover(error)) void explain(error, options);
  });
  fetchPictureFirst(hls, video, signal);
  hls.loadSource(url);
  hls.attachMedia(video);
  start(video);
  return switchSound;
}

/** In a swarm the next bytes may be a while in coming: to give up and ask again brings them no sooner. */
const PATIENCE_MS = 10 * 60_000;
const RETRY = { maxNumRetry: 2, retryDelayMs: 1000, maxRetryDelayMs: 8000 };
const PATIENTLY: LoaderConfig = {
  maxTimeToFirstByteMs: PATIENCE_MS,
  maxLoadTimeMs: PATIENCE_MS,
  timeoutRetry: RETRY,
  errorRetry: RETRY,
};

const CONFIG: Partial<HlsConfig> = {
  // Fragments are shown as they come, rather than when their segment is whole.
  progressive: true,
  backBufferLength: 60,
  // The page shows subtitles itself.
  enableWebVTT: false,
  enableIMSC1: false,
  enableCEA708Captions: false,
  renderTextTracksNatively: false,
  manifestLoadPolicy: { default: PATIENTLY },
  playlistLoadPolicy: { default: PATIENTLY },
  fragLoadPolicy: { default: PATIENTLY },
};

/**
 * A film whose playlist still grows is not live. Where it runs dry at the end of what is known, hls.js would take it for one that is
 * too late, and go back by some target durations.
 */
function withoutLiveEdge(Player: typeof Hls): typeof Hls {
  return class extends Player {
    override get liveSyncPosition(): null {
      return null;
    }
  };
}

/**
 * hls.js looks at no less than 128 KiB of a segment at a time: those are eight seconds of sound, and the picture waits for them.
 * An initialization it takes as a whole, which it asks for by no finite mark.
 */
function promptly(Loader: typeof FetchLoader): NonNullable<HlsConfig["fLoader"]> {
  return class extends Loader {
    declare context: FragmentLoaderContext | null;

    override load(...[context, config, callbacks]: Parameters<FetchLoader["load"]>): void {
      super.load(context, Number.isFinite(config.highWaterMark) ? { ...config, highWaterMark: 0 } : config, callbacks);
    }
  };
}

/**
 * What lies behind the picture that is waited for is fetched when it is there: who has looked for a place has often to look for
 * another one next, and until then there may be nothing else to spend the swarm on.
 */
function fetchPictureFirst(hls: Hls, video: HTMLVideoElement, signal: AbortSignal): void {
  const { config } = hls;
  let usualSeconds = config.maxMaxBufferLength;
  const limit = (): void => {
    // hls.js itself lowers it where the browser has little memory.
    if (config.maxMaxBufferLength > PICTURE_SECONDS) usualSeconds = config.maxMaxBufferLength;
    const isWaiting = video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA;
    config.maxMaxBufferLength = isWaiting ? PICTURE_SECONDS : usualSeconds;
  };
  // A start is over when the film moves: before that, its data may be there and its picture not.
  for (const event of ["emptied", "seeking", "seeked", "timeupdate"]) video.addEventListener(event, limit, { signal });
  limit();
}

/** Our playlists name tracks by their number in the file: `…/audio/2/playlist.m3u8`. */
function selectTrack(hls: Hls, index: number): boolean {
  const position = hls.audioTracks.findIndex(({ url }) => new URL(url).pathname.includes(`/audio/${index}/`));
  if (position >= 0) hls.audioTrack = position;
  return position >= 0;
}

/** As in hls.js, whose enumeration would have to be loaded. */
interface BufferedSegment {
  /** Whether it is the last one of its playlist. */
  readonly endList?: boolean;
  readonly type: string;
}

/**
 * Says that the last segment of a track is there, which hls.js itself says late: where the sound lasts for longer than the picture, it
 * holds back the sound until a picture for it comes, or waits behind the last picture for the film to start.
 */
function endTrack(hls: Hls, { endList, type }: BufferedSegment, end: Events.BUFFER_EOS): void {
  if (endList === true && hls.audioTracks.length > 0) hls.trigger(end, { type: type === "audio" ? "audio" : "video" });
}

/** Tries once more after a failure, and again only when the film has gone on meanwhile. */
function recovery(hls: Hls, video: HTMLVideoElement): (error: ErrorData) => boolean {
  let failedAtSeconds = -1;
  return (error) => {
    if (video.currentTime <= failedAtSeconds) return false;
    failedAtSeconds = video.currentTime;
    if (!isOfNetwork(error)) hls.recoverMediaError();
    else if (error.details.startsWith("manifest")) hls.loadSource(hls.url ?? "");
    else hls.startLoad();
    return true;
  };
}

async function explain(error: ErrorData, options: StreamOptions): Promise<void> {
  if (!isOfNetwork(error)) return options.fail(NOT_DECODED);
  options.fail((await whyNotPlayable(error.frag?.url ?? error.url ?? options.url)) ?? BROKEN_OFF);
}

/** The enumeration of hls.js would have to be loaded to be compared with. */
function isOfNetwork({ type }: { readonly type: string }): boolean {
  return type === "networkError";
}

import type { MediaInfo, Playback } from "@riptide/http";
import { choosePlayback, showMedia } from "../api/client.ts";
import { abilitiesFor, mediaSource } from "./abilities.ts";
import { feedSegments } from "./fed-segments.ts";
import { playSegments, type SwitchSound } from "./hls-stream.ts";
import { playStream } from "./one-stream.ts";
import { playAddress, type StreamOptions, USE_ANOTHER_PLAYER } from "./stream.ts";

export interface FilmListener {
  /** Known before the first picture. */
  onMedia(info: MediaInfo): void;
  /** The film is about to play, in this way. */
  onChoice(playback: Playback): void;
  /** It does not play, or no further; a sentence says why. */
  onFailure(sentence: string): void;
}

/** One film in a `<video>`, played in the way that the server chooses for this browser, until it is stopped. */
export class Film {
  readonly #infoHash: string;
  readonly #index: number;
  readonly #video: HTMLVideoElement;
  readonly #listener: FilmListener;
  #playing = new AbortController();
  #info: MediaInfo | undefined;
  #switchSound: SwitchSound | undefined;

  constructor(file: { infoHash: string; index: number }, video: HTMLVideoElement, listener: FilmListener) {
    this.#infoHash = file.infoHash;
    this.#index = file.index;
    this.#video = video;
    this.#listener = listener;
    void this.#play(undefined, 0);
  }

  /** Goes on with another sound track: at once where the segments have it, else in a new stream from the same place. */
  chooseSound(audio: number): void {
    if (this.#switchSound?.(audio) === true) return;
    const { currentTime } = this.#video;
    this.stop();
    void this.#play(audio, currentTime);
  }

  stop(): void {
    this.#playing.abort();
    this.#switchSound = undefined;
  }

  async #play(audio: number | undefined, startSeconds: number): Promise<void> {
    this.#playing = new AbortController();
    const { signal } = this.#playing;
    try {
      const playback = await this.#choose(audio, signal);
      signal.throwIfAborted();
      this.#listener.onChoice(playback);
      const { url } = playback;
      if (url === undefined) throw new Error(`${sentencesOf(playback)} ${USE_ANOTHER_PLAYER}`);
      const fail = (sentence: string): void => this.#fail(sentence, signal);
      await this.#open(playback, { video: this.#video, url, startSeconds, audio, signal, fail });
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error), signal);
    }
  }

  async #choose(audio: number | undefined, signal: AbortSignal): Promise<Playback> {
    this.#info ??= await showMedia(this.#infoHash, this.#index, signal);
    this.#listener.onMedia(this.#info);
    const can = abilitiesFor(this.#info.questions);
    return choosePlayback(this.#infoHash, this.#index, { can, audio }, signal);
  }

  /** Segments are played natively only where there is nothing to append them to: those players tell less. */
  async #open({ mode, streamType, reasons }: Playback, options: StreamOptions): Promise<void> {
    if (mode === "remux" || mode === "transcode") {
      playStream(options, { streamType, durationSeconds: this.#info?.durationSeconds });
    } else if (mode !== "hls" || mediaSource() === undefined) playAddress(options);
    else {
      const isGrowing = reasons.some(({ code }) => code === "index_explored");
      if (isGrowing || !(await feedSegments(options))) this.#switchSound = await playSegments(options);
    }
  }

  #fail(sentence: string, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.stop();
    this.#listener.onFailure(sentence);
  }
}

/** Why a film plays the way it does, for people. */
export function sentencesOf({ reasons }: Playback): string {
  return reasons.map(({ message }) => message).join(" ");
}

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
  /** The film is about to play, in this way; told anew whenever it starts again. */
  onChoice(playback: Playback): void;
  /** It does not play, or no further; a sentence says why. */
  onFailure(sentence: string): void;
}

/** Where a film is entered. */
export interface Beginning {
  readonly startSeconds: number;
  /** Undefined for the sound that plays by itself. */
  readonly audio: number | undefined;
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
  #audio: number | undefined;
  /** Whether it must play by an address that another device can open too. */
  #isByAddress = false;

  /** What is in the file is found out while it is not yet known where to begin. */
  constructor(
    file: { infoHash: string; index: number },
    video: HTMLVideoElement,
    listener: FilmListener,
    beginning: Promise<Beginning>,
  ) {
    this.#infoHash = file.infoHash;
    this.#index = file.index;
    this.#video = video;
    this.#listener = listener;
    void this.#play(beginning);
  }

  /** Goes on with another sound track: at once where the segments have it, else in a new stream from the same place. */
  chooseSound(audio: number): void {
    this.#audio = audio;
    if (this.#switchSound?.(audio) !== true) this.restart(this.#video.currentTime);
  }

  /** Starts anew at a time: after a failure. */
  restart(startSeconds: number): void {
    this.stop();
    void this.#play(Promise.resolve({ startSeconds, audio: this.#audio }));
  }

  /** Goes on by an address, as a device in the same network needs it: Media Source Extensions stay on this one. */
  playByAddress(): void {
    if (this.#isByAddress) return;
    this.#isByAddress = true;
    this.#video.disableRemotePlayback = false;
    this.restart(this.#video.currentTime);
  }

  stop(): void {
    this.#playing.abort();
    this.#switchSound = undefined;
  }

  async #play(beginning: Promise<Beginning>): Promise<void> {
    this.#playing = new AbortController();
    const { signal } = this.#playing;
    try {
      const [info, { startSeconds, audio }] = await Promise.all([this.#learn(signal), beginning]);
      signal.throwIfAborted();
      this.#audio = audio;
      const playback = await this.#choose(info, signal);
      signal.throwIfAborted();
      this.#listener.onChoice(playback);
      const { url } = playback;
      if (url === undefined) throw new Error(`${sentencesOf(playback)} ${USE_ANOTHER_PLAYER}`);
      const fail = (sentence: string): void => this.#fail(sentence, signal);
      const options = { video: this.#video, url, startSeconds, audio, signal, fail };
      if (this.#isByAddress) playAddress(options);
      else await this.#open(playback, options);
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error), signal);
    }
  }

  async #learn(signal: AbortSignal): Promise<MediaInfo> {
    this.#info ??= await showMedia(this.#infoHash, this.#index, signal);
    signal.throwIfAborted();
    this.#listener.onMedia(this.#info);
    return this.#info;
  }

  #choose({ questions }: MediaInfo, signal: AbortSignal): Promise<Playback> {
    const can = abilitiesFor(questions);
    const wanted = { can: this.#isByAddress ? { ...can, mse: [] } : can, audio: this.#audio };
    return choosePlayback(this.#infoHash, this.#index, wanted, signal);
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

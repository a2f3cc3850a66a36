import { download, withQuery } from "../api/client.ts";
import { mediaSource } from "./abilities.ts";
import { playFed } from "./fed-film.ts";
import { playAddress, type StreamOptions } from "./stream.ts";

/** What is known of a stream of fragmented MP4 that can be had from any time on. */
export interface EnteredStream {
  /** With its codecs. Undefined if the stream can only be had from its start. */
  readonly streamType: string | undefined;
  /** Undefined if nothing tells it. */
  readonly durationSeconds: number | undefined;
}

/** Pictures and sounds begin by so much later than the time that is asked for. */
const LEAD_SECONDS = 0.1;

/** Plays one stream: with seeking, by asking for it from another time, where the browser takes it in pieces; else as it comes. */
export function playStream(options: StreamOptions, { streamType, durationSeconds }: EnteredStream): void {
  const Source = mediaSource();
  if (streamType === undefined || durationSeconds === undefined || Source?.isTypeSupported(streamType) !== true) {
    return playAddress(options);
  }
  const open = (fromSeconds: number, signal: AbortSignal) => download(from(options.url, fromSeconds), signal);
  playFed(options, { source: new Source(), streams: [{ type: streamType, open, endSeconds: durationSeconds }] });
}

function from(url: string, seconds: number): string {
  return withQuery(url, "t", Math.max(0, seconds - LEAD_SECONDS).toFixed(3));
}

import { MediaError, type StreamContext, TranscodeError } from "@riptide/core";
import { fastStartLayout, type MediaInfo } from "@riptide/media";
import type { RemuxPlan, Transcoder } from "@riptide/transcode";
import type { FilmLibrary } from "./film-library.ts";
import { type MediaLibrary, timed } from "./media-library.ts";
import { pulledBody } from "./pulled-body.ts";
import { SequentialReader, type SequentialReaderOptions } from "./sequential-reader.ts";
import { rangesFrom } from "./start-time.ts";
import { PartsReader } from "./virtual/parts-reader.ts";

/** What the pipe of a process takes at once: a longer chunk would only lie in memory. */
const INPUT_CHUNK_BYTES = 64 * 1024;

export interface Conversion {
  readonly plan: RemuxPlan;
  readonly info: MediaInfo;
  readonly startSeconds: number;
}

export interface ConvertedBodyDependencies {
  readonly library: MediaLibrary;
  readonly films: FilmLibrary;
  readonly transcoder: Transcoder | undefined;
  readonly context: StreamContext;
}

/**
 * Fragmented MP4 through ffmpeg. Resolves with what starts the process once it is known that it can do what is planned. Rejects
 * with `ffmpeg_missing`, or with `not_seekable` where the container cannot be entered in the middle.
 */
export async function convertedBody(
  { plan, info, startSeconds }: Conversion,
  { library, films, transcoder, context }: ConvertedBodyDependencies,
): Promise<() => Promise<ReadableStream<Uint8Array>>> {
  if (transcoder === undefined) throw ffmpegMissing();
  const open = await inReadingOrder(startSeconds, info, context, films);
  transcoder.assertCan(plan);
  const bytesPerSecond = library.bytesPerSecond(context);
  return () => startProcess(plan, transcoder, context, (signal) => chunksOf(open({ signal, bytesPerSecond })));
}

type OpenReader = (options: SequentialReaderOptions) => SequentialReader | PartsReader;

/** What ffmpeg gets through a pipe it reads from start to end: an MP4 that has its index at its end is rearranged for it. */
async function inReadingOrder(
  startSeconds: number,
  info: MediaInfo,
  context: StreamContext,
  films: FilmLibrary,
): Promise<OpenReader> {
  const { provider, signal } = context;
  const ranges = await rangesFrom(startSeconds, info, context, films);
  if (info.container !== "mp4" || info.isFastStart !== false) {
    return (options) => new SequentialReader(provider, ranges, options);
  }
  const layout = await fastStartLayout(provider, { signal });
  if (layout === undefined) throw notInOrder();
  const whole = { start: 0, end: layout.sizeBytes };
  return (options) => new PartsReader(layout, whole, provider, options);
}

/** Waits for the first bytes: until then a failure can still be told by a status. */
async function startProcess(
  plan: RemuxPlan,
  transcoder: Transcoder,
  context: StreamContext,
  input: (signal: AbortSignal) => AsyncGenerator<Uint8Array, void>,
): Promise<ReadableStream<Uint8Array>> {
  const { reader, first } = await timed("fragment", context, async () => {
    const output = await transcoder.start({ plan, input, signal: context.signal });
    const started = output.getReader();
    return { reader: started, first: await firstFragment(started) };
  });
  let ahead: Uint8Array | undefined = first;
  const next = async (): Promise<Uint8Array | undefined> => {
    const chunk = ahead ?? (await reader.read()).value;
    ahead = undefined;
    return chunk;
  };
  return pulledBody(next, (reason) => reader.cancel(reason));
}

async function* chunksOf(reader: ReturnType<OpenReader>): AsyncGenerator<Uint8Array, void> {
  try {
    for (;;) {
      const chunk = await reader.next(INPUT_CHUNK_BYTES);
      if (chunk === undefined) return;
      yield chunk;
    }
  } finally {
    reader[Symbol.dispose]();
  }
}

/** ISO/IEC 14496-12 §4.3: it begins with a file type box, or what was found is no media after all. */
async function firstFragment(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array> {
  const { value } = await reader.read();
  if (value !== undefined && String.fromCharCode(...value.subarray(4, 8)) === "ftyp") return value;
  await reader.cancel();
  throw new TranscodeError("ffmpeg_failed", "ffmpeg found nothing to play in this file. Try another copy of it.");
}

function notInOrder(): MediaError {
  return new MediaError(
    "unsupported_media",
    "This MP4 keeps its index at its end, and it cannot be moved. Play the file directly, or download it.",
  );
}

/** Something must be converted, and there is nothing to do it. */
export function ffmpegMissing(): TranscodeError {
  return new TranscodeError(
    "ffmpeg_missing",
    "This file must be converted to play in a browser, which needs ffmpeg. Install ffmpeg 5 or newer and start Riptide again.",
  );
}

import { type StreamContext, TranscodeError } from "@riptide/core";
import type { RemuxPlan, Transcoder } from "@riptide/transcode";
import { type Conversion, type ConvertedSource, envelopeSource, fileSource } from "./converted-source.ts";
import type { FilmLibrary } from "./film-library.ts";
import { type MediaLibrary, timed } from "./media-library.ts";
import { pulledBody } from "./pulled-body.ts";

export interface ConvertedBodyDependencies {
  readonly library: MediaLibrary;
  readonly films: FilmLibrary;
  readonly transcoder: Transcoder | undefined;
  readonly context: StreamContext;
}

/**
 * Fragmented MP4 through ffmpeg. Resolves with what starts the process once it is known that it can do what is planned. Rejects
 * with `ffmpeg_missing`, or with `not_seekable` where the film cannot be entered at that time.
 */
export async function convertedBody(
  conversion: Conversion,
  { library, films, transcoder, context }: ConvertedBodyDependencies,
): Promise<() => Promise<ReadableStream<Uint8Array>>> {
  if (transcoder === undefined) throw ffmpegMissing();
  const enveloped = await envelopeSource(conversion, films, context);
  const source = enveloped ?? (await fileSource(conversion, films, context));
  await transcoder.assertCan(source.plan, context.signal);
  const bytesPerSecond = library.bytesPerSecond(context);
  const input: ConvertedInput = (signal) => source.open({ signal, bytesPerSecond });
  return () => startProcess(source.plan, transcoder, context, input);
}

type ConvertedInput = (signal: AbortSignal) => ReturnType<ConvertedSource["open"]>;

/** Waits for the first bytes: until then a failure can still be told by a status. */
async function startProcess(
  plan: RemuxPlan,
  transcoder: Transcoder,
  context: StreamContext,
  input: ConvertedInput,
): Promise<ReadableStream<Uint8Array>> {
  const start = async (): Promise<Started> => {
    const output = await transcoder.start({ plan, input, signal: context.signal, client: context.client });
    const started = output.getReader();
    return { reader: started, first: await firstFragment(started) };
  };
  // Nobody has seen anything of it yet.
  const startAgain = (error: unknown): Promise<Started> => {
    if (!isWorthAnotherTry(error)) throw error;
    return start();
  };
  const { reader, first } = await timed("fragment", context, () => start().catch(startAgain));
  let ahead: Uint8Array | undefined = first;
  const next = async (): Promise<Uint8Array | undefined> => {
    const chunk = ahead ?? (await reader.read()).value;
    ahead = undefined;
    return chunk;
  };
  return pulledBody(next, (reason) => reader.cancel(reason));
}

interface Started {
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly first: Uint8Array;
}

/** Whether a process failed that may have been killed, or got stuck, for a reason that is not in the film. */
export function isWorthAnotherTry(error: unknown): boolean {
  return error instanceof TranscodeError && (error.code === "ffmpeg_failed" || error.code === "ffmpeg_stalled");
}

/** ISO/IEC 14496-12 §4.3: it begins with a file type box, or what was found is no media after all. */
async function firstFragment(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array> {
  const { value } = await reader.read();
  if (value !== undefined && String.fromCharCode(...value.subarray(4, 8)) === "ftyp") return value;
  await reader.cancel();
  throw new TranscodeError("ffmpeg_failed", "ffmpeg found nothing to play in this file. Try another copy of it.");
}

/** Something must be converted, and there is nothing to do it. */
export function ffmpegMissing(): TranscodeError {
  return new TranscodeError(
    "ffmpeg_missing",
    "This file must be converted to play in a browser, which needs ffmpeg. Install ffmpeg 5.1 or newer and start Riptide again.",
  );
}

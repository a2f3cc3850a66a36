import { type ByteRange, MediaError, type StreamContext, type StreamProducer, TranscodeError } from "@riptide/core";
import type { RemuxPlan, Transcoder } from "@riptide/transcode";
import { CONTENT_SAFETY_HEADERS, contentDisposition } from "./file-headers.ts";
import { demandEnds, type MediaLibrary } from "./media-library.ts";
import { planRemux } from "./plan-remux.ts";
import { pulledBody } from "./pulled-body.ts";
import { SequentialReader } from "./sequential-reader.ts";
import { rangesFrom } from "./start-time.ts";

/** What the pipe of a process takes at once: a longer chunk would only lie in memory. */
const INPUT_CHUNK_BYTES = 64 * 1024;

/**
 * Any container as fragmented MP4, through ffmpeg, from `?t=` seconds on and with the sound of `?audio=`.
 * The response has no length, no ranges and no validator: its bytes differ from run to run.
 */
export function createRemuxProducer(library: MediaLibrary, transcoder: Transcoder | undefined): StreamProducer {
  return { produce: (request, context) => produceRemux(request, context, library, transcoder) };
}

async function produceRemux(
  request: Request,
  context: StreamContext,
  library: MediaLibrary,
  transcoder: Transcoder | undefined,
): Promise<Response> {
  const query = parseQuery(new URL(request.url).searchParams);
  if (transcoder === undefined) throw ffmpegMissing();
  const { plan, ranges } = await prepare(query, context, library);
  transcoder.assertCan(plan);
  const headers = new Headers({
    ...CONTENT_SAFETY_HEADERS,
    "accept-ranges": "none",
    "cache-control": "no-store",
    "content-type": "video/mp4",
    "content-disposition": contentDisposition("inline", `${context.file.name}.mp4`),
  });
  const body = request.method === "HEAD" ? null : await remuxBody(plan, ranges, context, library, transcoder);
  return new Response(body, { headers });
}

interface RemuxQuery {
  readonly startSeconds: number;
  readonly audioIndex: number | undefined;
}

/** Only numbers leave this function. */
function parseQuery(parameters: URLSearchParams): RemuxQuery {
  const startText = parameters.get("t") ?? "0";
  if (!/^\d{1,7}(\.\d{1,9})?$/.test(startText)) {
    throw new MediaError("not_seekable", "The start time t must be a number of seconds, such as 90 or 90.5.");
  }
  const audioText = parameters.get("audio");
  if (audioText !== null && !/^\d{1,3}$/.test(audioText)) {
    throw new MediaError("unsupported_media", "The audio track must be one of the numbers that the file lists.");
  }
  return { startSeconds: Number(startText), audioIndex: audioText === null ? undefined : Number(audioText) };
}

interface Preparation {
  readonly plan: RemuxPlan;
  readonly ranges: readonly ByteRange[];
}

/** Both ends of the file are demanded meanwhile: for a later time, the index at the end is needed too. */
async function prepare(query: RemuxQuery, context: StreamContext, library: MediaLibrary): Promise<Preparation> {
  const ends = query.startSeconds === 0 ? undefined : demandEnds(context.provider);
  try {
    const info = await library.mediaInfo(context);
    const plan = planRemux(info, query.audioIndex);
    return { plan, ranges: await rangesFrom(query.startSeconds, info, context, library) };
  } finally {
    ends?.[Symbol.dispose]();
  }
}

/** Waits for the first bytes: until then a failure can still be told by a status. */
async function remuxBody(
  plan: RemuxPlan,
  ranges: readonly ByteRange[],
  context: StreamContext,
  library: MediaLibrary,
  transcoder: Transcoder,
): Promise<ReadableStream<Uint8Array>> {
  const { clock, signal, timings } = context;
  const startMs = clock.nowMs();
  const bytesPerSecond = library.bytesPerSecond(context);
  const output = await transcoder.start({
    plan,
    input: (inputSignal) => readRanges(context, ranges, { signal: inputSignal, bytesPerSecond }),
    signal,
  });
  const reader = output.getReader();
  let first: Uint8Array | undefined = await firstFragment(reader);
  timings.record("fragment", clock.nowMs() - startMs);
  const next = async (): Promise<Uint8Array | undefined> => {
    const chunk = first ?? (await reader.read()).value;
    first = undefined;
    return chunk;
  };
  return pulledBody(next, (reason) => reader.cancel(reason));
}

async function* readRanges(
  { provider }: StreamContext,
  ranges: readonly ByteRange[],
  options: { readonly signal: AbortSignal; readonly bytesPerSecond: number | undefined },
): AsyncGenerator<Uint8Array, void> {
  const reader = new SequentialReader(provider, ranges, options);
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

function ffmpegMissing(): TranscodeError {
  return new TranscodeError(
    "ffmpeg_missing",
    "This file must be converted to play in a browser, which needs ffmpeg. Install ffmpeg 5 or newer and start Riptide again.",
  );
}

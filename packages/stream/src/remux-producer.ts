import { MediaError, type StreamContext, type StreamProducer } from "@riptide/core";
import type { Transcoder } from "@riptide/transcode";
import { convertedBody } from "./converted-body.ts";
import { copiedBody, copiedFilm } from "./copied-body.ts";
import { CONTENT_SAFETY_HEADERS, contentDisposition } from "./file-headers.ts";
import type { FilmLibrary } from "./film-library.ts";
import { demandEnds, type MediaLibrary } from "./media-library.ts";
import { type ConvertedTracks, planRemux } from "./plan-remux.ts";
import { playbackReason } from "./playback-reasons.ts";
import { parseSeconds } from "./time-parameter.ts";

export interface RemuxDependencies {
  readonly library: MediaLibrary;
  readonly films: FilmLibrary;
  /** Without it, only what needs no conversion can be remuxed. */
  readonly transcoder: Transcoder | undefined;
  readonly neverTranscodeVideo: boolean;
}

/**
 * Any container as fragmented MP4, from `?t=` seconds on and with the sound of `?audio=`: by our own muxer where the tracks are
 * copied out of Matroska, MP4 or MPEG-TS, else through ffmpeg. The response has no length, no ranges and no validator: where it is cut
 * into fragments depends on how its bytes come. `?video=h264` and `?sound=aac` convert what could be copied, for a player that would not
 * play it.
 */
export function createRemuxProducer(dependencies: RemuxDependencies): StreamProducer {
  return { produce: (request, context) => produceRemux(request, context, dependencies) };
}

async function produceRemux(
  request: Request,
  context: StreamContext,
  dependencies: RemuxDependencies,
): Promise<Response> {
  const query = parseQuery(new URL(request.url).searchParams);
  const startBody = await prepare(query, context, dependencies);
  const headers = new Headers({
    ...CONTENT_SAFETY_HEADERS,
    "accept-ranges": "none",
    "cache-control": "no-store",
    "content-type": "video/mp4",
    "content-disposition": contentDisposition("inline", `${context.file.name}.mp4`),
  });
  return new Response(request.method === "HEAD" ? null : await startBody(), { headers });
}

interface RemuxQuery {
  readonly startSeconds: number;
  readonly audioIndex: number | undefined;
  readonly isConverted: ConvertedTracks;
}

/** Only numbers and what they name leave this function. */
function parseQuery(parameters: URLSearchParams): RemuxQuery {
  const startSeconds = parseSeconds(parameters.get("t") ?? "0");
  if (startSeconds === undefined) {
    throw new MediaError("not_seekable", "The start time t must be a number of seconds, such as 90 or 90.5.");
  }
  const isConverted = { video: parameters.get("video") === "h264", audio: parameters.get("sound") === "aac" };
  return { startSeconds, audioIndex: audioIndexOf(parameters), isConverted };
}

/** The sound track that `?audio=` names; undefined without it. Throws `unsupported_media` for what is no number. */
export function audioIndexOf(parameters: URLSearchParams): number | undefined {
  const audioText = parameters.get("audio");
  if (audioText === null) return undefined;
  if (/^\d{1,3}$/.test(audioText)) return Number(audioText);
  throw new MediaError("unsupported_media", "The audio track must be one of the numbers that the file lists.");
}

type StartBody = () => Promise<ReadableStream<Uint8Array>>;

/** Both ends of the file are demanded meanwhile: for a later time, the index at the end is needed too. */
async function prepare(
  { startSeconds, audioIndex, isConverted }: RemuxQuery,
  context: StreamContext,
  { library, films, transcoder, neverTranscodeVideo }: RemuxDependencies,
): Promise<StartBody> {
  const ends = startSeconds === 0 ? undefined : demandEnds(context.provider);
  try {
    const info = await library.mediaInfo(context);
    const plan = planRemux(info, audioIndex, isConverted);
    if (neverTranscodeVideo && plan.video?.codec === "h264") throw notConverted();
    const copied = await copiedFilm(plan, { info, audioIndex }, films, context);
    if (copied !== undefined) return await copiedBody(copied, startSeconds, { films, library, context });
    return await convertedBody({ plan, info, startSeconds, audioIndex }, { library, films, transcoder, context });
  } finally {
    ends?.[Symbol.dispose]();
  }
}

function notConverted(): MediaError {
  return new MediaError("unsupported_media", playbackReason("unsupported_video_conversion").message);
}

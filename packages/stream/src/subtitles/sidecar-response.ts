import { type StreamContext, Turns } from "@riptide/core";
import { isTextSubtitleKind, SUBTITLE_FILE_LIMIT_BYTES, subtitleFileSteps, subtitleKindOf } from "@riptide/media";
import { CONTENT_SAFETY_HEADERS, contentDisposition } from "../file-headers.ts";
import { inSlices } from "../in-slices.ts";
import { readFully, timed } from "../media-library.ts";
import { noSuchSubtitles, unsupportedSubtitles } from "./subtitle-errors.ts";

/**
 * A file of subtitles as WebVTT, whatever it is written in: SRT, ASS, SSA or WebVTT, in any charset. It is small, so all of it is
 * fetched and waited for, but no more than SUBTITLE_FILE_LIMIT_BYTES, when it is its turn (`createSubtitleTurns`). What it is, its name tells.
 */
export async function produceSidecar(request: Request, context: StreamContext, turns: Turns): Promise<Response> {
  const kind = subtitleKindOf(context.file.name);
  if (kind === undefined) throw noSuchSubtitles();
  if (!isTextSubtitleKind(kind))
    throw unsupportedSubtitles("This file holds pictures of subtitles. Download it for a player that shows them.");
  const headers = {
    ...CONTENT_SAFETY_HEADERS,
    "cache-control": CACHE_CONTROL,
    "content-type": "text/vtt; charset=utf-8",
    "content-disposition": contentDisposition("inline", `${context.file.name}.vtt`),
  };
  if (request.method === "HEAD") return new Response(null, { headers });
  using _turn = await turns.take({ signal: context.signal });
  const bytes = await readSidecar(context);
  return new Response(await inSlices(subtitleFileSteps(bytes, kind), context.signal), { headers });
}

/**
 * Files of subtitles that are read and converted at once, be they of torrents or a viewer's own: each may take ten times
 * SUBTITLE_FILE_LIMIT_BYTES of memory. Enough that one whose bytes do not come holds up nobody. Whoever waits holds a connection, of which there are so many (`http/node/listen.ts`).
 */
const FILES_AT_ONCE = 8;

export function createSubtitleTurns(): Turns {
  return new Turns({ atOnce: FILES_AT_ONCE });
}

/** The file never changes; a day is longer than anybody watches a film. */
const CACHE_CONTROL = "private, max-age=86400";

async function readSidecar(context: StreamContext): Promise<Uint8Array> {
  const { provider, signal } = context;
  const lengthBytes = Math.min(provider.sizeBytes, SUBTITLE_FILE_LIMIT_BYTES);
  using _demand = provider.want({ range: { start: 0, end: lengthBytes }, urgency: "now" });
  return await timed("fragment", context, () => readFully(provider, lengthBytes, signal));
}

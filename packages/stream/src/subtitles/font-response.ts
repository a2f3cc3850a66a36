import { followingController, type StreamContext } from "@riptide/core";
import type { Attachment } from "@riptide/media";
import { adaptiveBody } from "../adaptive-body.ts";
import { CONTENT_SAFETY_HEADERS, contentDisposition } from "../file-headers.ts";
import { UNHURRIED } from "../unhurried-source.ts";
import type { AttachmentLibrary } from "./attachment-library.ts";
import { noSuchSubtitles, unsupportedSubtitles } from "./subtitle-errors.ts";

/** The largest fonts, of all Chinese characters, take 20 MiB. */
const FONT_LIMIT_BYTES = 32 * 1024 * 1024;
/** The bytes behind an address are those of the torrent for ever (RFC 8246). */
const CACHE_CONTROL = "private, max-age=31536000, immutable";

/** A font that is attached to a film, by its index. It is fetched behind all that is more urgent. Nothing else is handed out. */
export async function produceFont(
  request: Request,
  index: number,
  context: StreamContext,
  attachments: AttachmentLibrary,
): Promise<Response> {
  const attachment = (await attachments.list(context))[index];
  if (attachment === undefined) throw noSuchSubtitles();
  if (!attachment.mediaType.startsWith("font/"))
    throw unsupportedSubtitles("Only fonts are handed out, and this is none.");
  if (attachment.lengthBytes > FONT_LIMIT_BYTES)
    throw unsupportedSubtitles("This font is larger than any that is one.");
  const headers = {
    ...CONTENT_SAFETY_HEADERS,
    "cache-control": CACHE_CONTROL,
    "content-type": attachment.mediaType,
    "content-length": String(attachment.lengthBytes),
    "content-disposition": contentDisposition("attachment", attachment.name),
  };
  return new Response(request.method === "HEAD" ? null : fontBody(attachment, context), { headers });
}

function fontBody({ offsetBytes, lengthBytes }: Attachment, context: StreamContext): ReadableStream<Uint8Array> {
  const { clock, provider } = context;
  const reading = followingController(context.signal);
  const { signal } = reading;
  const end = offsetBytes + lengthBytes;
  const demand = provider.want({ range: { start: offsetBytes, end }, urgency: UNHURRIED });
  const release = (reason: unknown): void => {
    demand[Symbol.dispose]();
    reading.abort(reason);
  };
  signal.addEventListener("abort", () => demand[Symbol.dispose](), { once: true });
  let position = offsetBytes;
  const read = async (chunkBytes: number): Promise<Uint8Array | undefined> => {
    if (position === end) return undefined;
    const length = Math.min(chunkBytes, end - position);
    const chunk = await provider.readAt(position, length, { signal, urgency: UNHURRIED });
    position += chunk.length;
    return chunk;
  };
  return adaptiveBody(read, release, clock);
}

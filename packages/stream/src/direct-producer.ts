import { type ByteRange, followingController, type StreamContext, type StreamProducer } from "@riptide/core";
import { mediaTypeOf } from "@riptide/media";
import { adaptiveBody } from "./adaptive-body.ts";
import { contentDisposition } from "./file-headers.ts";
import type { MediaLibrary } from "./media-library.ts";
import { answerRange } from "./ranged-answer.ts";
import { SequentialReader } from "./sequential-reader.ts";

/** The original bytes of any file, whole or a range of them (RFC 9110 §14). */
export function createDirectProducer(library: MediaLibrary): StreamProducer {
  return { produce: (request, context) => produceDirect(request, context, library) };
}

async function produceDirect(request: Request, context: StreamContext, library: MediaLibrary): Promise<Response> {
  const { file, provider } = context;
  const etag = `"${file.infoHash}-${file.index}"`;
  const { status, headers, range } = answerRange(request, { etag, sizeBytes: provider.sizeBytes });
  if (range === undefined) return new Response(null, { status, headers });
  const body = request.method === "HEAD" ? null : directBody(range, context, library);
  try {
    await addContentHeaders(headers, context, library);
  } catch (error) {
    await body?.cancel(error);
    throw error;
  }
  return new Response(body, { status, headers });
}

/** What nobody recognises is a download, and never something a browser would run. */
async function addContentHeaders(headers: Headers, context: StreamContext, library: MediaLibrary): Promise<void> {
  const container = await library.container(context);
  headers.set("content-type", container === undefined ? "application/octet-stream" : mediaTypeOf(container));
  const kind = container === undefined ? "attachment" : "inline";
  headers.set("content-disposition", contentDisposition(kind, context.file.name));
}

/** Demands its window from the start, so that it is on its way while the file is looked at. */
function directBody(range: ByteRange, context: StreamContext, library: MediaLibrary): ReadableStream<Uint8Array> {
  const { clock, provider, signal } = context;
  const reading = followingController(signal);
  const reader = new SequentialReader(provider, [range], {
    signal: reading.signal,
    bytesPerSecond: library.bytesPerSecond(context),
  });
  return adaptiveBody(
    (lengthBytes) => reader.next(lengthBytes),
    (reason) => reading.abort(reason),
    clock,
  );
}

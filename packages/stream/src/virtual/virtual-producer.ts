import { type ByteRange, followingController, type StreamContext, type StreamProducer } from "@riptide/core";
import { adaptiveBody } from "../adaptive-body.ts";
import { contentDisposition } from "../file-headers.ts";
import { keyOf } from "../file-key.ts";
import { demandEnds, timed } from "../media-library.ts";
import { answerRange } from "../ranged-answer.ts";
import { audioIndexOf } from "../remux-producer.ts";
import { SharedResults } from "../shared-results.ts";
import { type VirtualDependencies, type VirtualFile, virtualFile } from "./virtual-file.ts";

/** Each holds an index of the film, tens of megabytes at worst: only those of the films that play now. */
const VIRTUAL_FILES_LIMIT = 8;

export interface VirtualProducerDependencies extends VirtualDependencies {
  /** For files that need no change. */
  readonly direct: StreamProducer;
}

/**
 * A film as MP4 of fixed length, with ranges and a strong validator: an MP4 whose index lies at its end with the index in
 * front; any other MP4 as it is; Matroska and WebM as fragmented MP4 with the sound of `?audio=`. Rejects like `virtualFile`.
 */
export function createVirtualProducer({ direct, ...dependencies }: VirtualProducerDependencies): StreamProducer {
  const files = new SharedResults<{ readonly file: VirtualFile | undefined }>(VIRTUAL_FILES_LIMIT);
  return {
    async produce(request, context) {
      const audioIndex = audioIndexOf(new URL(request.url).searchParams);
      const key = `${keyOf(context.file)}-${audioIndex}`;
      const { file } = await files.get(key, context.signal, async (signal) => {
        const ends = demandEnds(context.provider);
        try {
          return { file: await virtualFile(audioIndex, { ...context, signal }, dependencies) };
        } finally {
          ends[Symbol.dispose]();
        }
      });
      return file === undefined
        ? direct.produce(request, context)
        : produceVirtual(file, request, context, dependencies);
    },
  };
}

async function produceVirtual(
  file: VirtualFile,
  request: Request,
  context: StreamContext,
  dependencies: VirtualDependencies,
): Promise<Response> {
  const { status, headers, range } = answerRange(request, file);
  if (range === undefined) return new Response(null, { status, headers });
  headers.set("content-type", "video/mp4");
  headers.set("content-disposition", contentDisposition("inline", nameOf(context.file.name)));
  const body = request.method === "HEAD" ? null : await virtualBody(file, range, context, dependencies);
  return new Response(body, { status, headers });
}

function nameOf(name: string): string {
  return /\.mp4$/i.test(name) ? name : `${name}.mp4`;
}

/** What must be made is made before the response is: until then a failure can still be told by a status. */
async function virtualBody(
  file: VirtualFile,
  range: ByteRange,
  context: StreamContext,
  { library }: VirtualDependencies,
): Promise<ReadableStream<Uint8Array>> {
  const reading = followingController(context.signal);
  const reader = file.open(range, context, {
    signal: reading.signal,
    bytesPerSecond: library.bytesPerSecond(context),
  });
  const release = (reason: unknown): void => reading.abort(reason);
  try {
    await timed("fragment", context, async () => reader.prepare?.());
  } catch (error) {
    release(error);
    throw error;
  }
  return adaptiveBody((lengthBytes) => reader.next(lengthBytes), release, context.clock);
}

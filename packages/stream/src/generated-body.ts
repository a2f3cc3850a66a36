import { followingController, type StreamContext } from "@riptide/core";
import { timed } from "./media-library.ts";
import { pulledBody } from "./pulled-body.ts";

/**
 * A body of chunks that are made while it is read. The first one is made before it is handed out: until then a failure can
 * still be told by a status. The generator gets a signal that ends its reads once the client is gone or the body is cancelled;
 * it is returned when the body has ended, failed or been cancelled.
 */
export async function generatedBody(
  generate: (signal: AbortSignal) => AsyncGenerator<Uint8Array, void>,
  context: StreamContext,
): Promise<ReadableStream<Uint8Array>> {
  const reading = followingController(context.signal);
  const chunks = generate(reading.signal);
  const first = await timed("fragment", context, () => chunks.next());
  let ahead: typeof first | undefined = first;
  const next = async (): Promise<Uint8Array | undefined> => {
    const { value } = ahead ?? (await chunks.next());
    ahead = undefined;
    return value ?? undefined;
  };
  return pulledBody(next, async (reason) => {
    reading.abort(reason);
    await chunks.return();
  });
}

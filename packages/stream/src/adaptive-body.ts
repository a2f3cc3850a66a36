import type { Clock } from "@riptide/core";
import { CHUNK_MAX_BYTES, CHUNK_MIN_BYTES, nextChunkLength } from "./chunk-length.ts";
import { pulledBody } from "./pulled-body.ts";

/** At most `lengthBytes` of what comes next, as soon as the first of it is there; undefined at the end. */
export type NextChunk = (lengthBytes: number) => Promise<Uint8Array | undefined>;

/**
 * A body of known bytes whose chunks grow with the client: long ones for whoever keeps up, short ones for whoever stalls.
 * `release` is called as by `pulledBody`; it must end a read that is under way.
 */
export function adaptiveBody(
  read: NextChunk,
  release: (reason: unknown) => void,
  clock: Clock,
): ReadableStream<Uint8Array> {
  let lengthBytes = CHUNK_MIN_BYTES;
  let takenBytes = 0;
  let handedOutMs = clock.nowMs();
  let ahead: Promise<Uint8Array | undefined> | undefined;
  const next = async (): Promise<Uint8Array | undefined> => {
    const waitedMs = clock.nowMs() - handedOutMs;
    lengthBytes = nextChunkLength({ previousBytes: lengthBytes, takenBytes, waitedMs });
    const chunk = await (ahead ?? read(lengthBytes));
    ahead = undefined;
    if (chunk !== undefined && lengthBytes === CHUNK_MAX_BYTES) {
      // This client keeps up: the disk works on its next chunk while the socket takes this one.
      ahead = read(lengthBytes);
      ahead.catch(() => undefined); // told when the chunk is asked for
    }
    takenBytes += chunk?.length ?? 0;
    handedOutMs = clock.nowMs();
    return chunk;
  };
  return pulledBody(next, release);
}

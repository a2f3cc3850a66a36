import type { Writable } from "node:stream";

/** The source of a process. Iterating it waits as long as the source takes; it ends or rejects once the signal is aborted. */
export type Input = (signal: AbortSignal) => AsyncIterable<Uint8Array>;

/**
 * Feeds a process until the source ends or the process wants no more (EPIPE, which is normal: it has what it needs, or its
 * exit code says what is wrong). One chunk at a time: the next is asked for when the pipe has taken the last. The iterator
 * is closed in any case.
 *
 * `onWaiting` tells when waiting for the source begins and ends, which is time that the process is not to blame for.
 * Rejects with what the source rejects with.
 */
export async function pumpInput(
  stdin: Writable,
  source: AsyncIterable<Uint8Array>,
  onWaiting: (isWaiting: boolean) => void,
): Promise<void> {
  stdin.on("error", () => {}); // EPIPE: the stream is destroyed, which is all there is to know
  onWaiting(true);
  for await (const chunk of source) {
    onWaiting(false);
    await written(stdin, chunk);
    if (stdin.destroyed) return;
    onWaiting(true);
  }
  onWaiting(false);
  stdin.end();
}

/** Resolves when the pipe has taken the chunk, or is broken. */
function written(stdin: Writable, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    stdin.write(chunk, () => resolve());
  });
}

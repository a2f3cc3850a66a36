import type { Input } from "../../src/index.ts";

/** A source that records what becomes of it. */
export interface RecordedInput {
  readonly input: Input;
  /** Chunks that were asked for and handed over. */
  readonly handedOver: () => number;
  readonly isClosed: () => boolean;
}

/** Hands out `count` chunks of `lengthBytes`, then ends, fails with `then`, or waits until it is aborted. */
export function recordedInput(count: number, lengthBytes: number, then: "end" | "wait" | Error = "end"): RecordedInput {
  const state = { handedOver: 0, isClosed: false };
  const input: Input = async function* (signal) {
    try {
      for (let index = 0; index < count; index += 1) {
        state.handedOver += 1;
        yield new Uint8Array(lengthBytes).fill(index);
      }
      if (then instanceof Error) throw then;
      if (then === "wait") await aborted(signal);
    } finally {
      state.isClosed = true;
    }
  };
  return { input, handedOver: () => state.handedOver, isClosed: () => state.isClosed };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}

import { setImmediate } from "node:timers/promises";
import type { Steps } from "@riptide/media";

/** How long others wait at most, beside a step: a tenth of what anybody notices. */
const SLICE_MS = 10;

/** Does work in slices, between which everybody else runs. Rejects with the signal's reason once that is aborted. */
export async function inSlices<Result>(steps: Steps<Result>, signal: AbortSignal): Promise<Result> {
  for (let startMs = performance.now(); ; ) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() - startMs < SLICE_MS) continue;
    await setImmediate();
    signal.throwIfAborted();
    startMs = performance.now();
  }
}

import { clockFrom } from "@riptide/core";
import { createVirtualClock, type VirtualClock } from "@riptide/sim";

/** Real processes take real time. */
export const realClock = clockFrom({
  nowMs: () => performance.now(),
  setTimeout,
  clearTimeout: (handle) => clearTimeout(Number(handle)),
});

/** For limits that no test waits for. */
export function virtualClock(): VirtualClock {
  return createVirtualClock({ drain: () => new Promise((resolve) => setImmediate(resolve)) });
}

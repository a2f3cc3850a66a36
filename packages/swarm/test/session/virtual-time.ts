import { createVirtualClock, type VirtualClock } from "@riptide/sim";

/** A clock whose time passes once everything that can go on has gone on. */
export function virtualTime(): VirtualClock {
  return createVirtualClock({ drain: () => new Promise((resolve) => setImmediate(resolve)) });
}

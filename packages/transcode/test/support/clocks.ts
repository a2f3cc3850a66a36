import { clockFrom } from "@riptide/core";
import { createVirtualClock, type VirtualClock } from "@riptide/sim";

/** Real processes take real time. */
export const realClock = clockFrom({ nowMs: () => performance.now(), setTimeout, clearTimeout });

/** For limits that no test waits for. */
export function virtualClock(): VirtualClock {
  return createVirtualClock({ drain: () => new Promise((resolve) => setImmediate(resolve)) });
}

/** What a real process leaves alone at last: the number once it has stayed the same for a tenth of a second. */
export async function settled(read: () => number): Promise<number> {
  let value = read();
  for (let unchanged = 0; unchanged < 5; unchanged += 1) {
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    if (read() !== value) unchanged = -1;
    value = read();
  }
  return value;
}

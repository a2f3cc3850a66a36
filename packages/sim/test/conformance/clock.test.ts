import { clockFrom } from "@riptide/core";
import { createVirtualClock } from "@riptide/sim";
import { clockConformance } from "@riptide/sim/conformance";
import { drainEventLoop } from "../support/drain-event-loop.ts";

clockConformance("the virtual clock", () => {
  const clock = createVirtualClock({ drain: drainEventLoop });
  return { clock, pass: (durationMs) => clock.advance(durationMs) };
});

clockConformance("the clock of this machine", () => {
  const clock = clockFrom({ nowMs: () => performance.now(), setTimeout, clearTimeout });
  return { clock, pass: (durationMs) => new Promise((resolve) => clock.setTimer(durationMs, resolve)) };
});

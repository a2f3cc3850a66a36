import { createVirtualClock } from "@riptide/sim";
import { expect, test } from "vitest";
import { createTimings, serverTiming } from "../src/timings.ts";

test("The phases of a response add up and become a Server-Timing header, in order and with the total", async () => {
  const clock = createVirtualClock({ drain: async () => {} });
  await clock.advance(5000);
  const timings = createTimings(clock);
  timings.record("head", 12.34);
  timings.record("index", 3);
  timings.record("head", 0.04);
  await clock.advance(20.5);
  expect(timings.totalMs()).toBe(20.5);
  expect([...timings.phases]).toEqual([
    ["head", 12.379999999999999],
    ["index", 3],
  ]);
  expect(serverTiming(timings)).toBe("head;dur=12.4, index;dur=3, total;dur=20.5");
});

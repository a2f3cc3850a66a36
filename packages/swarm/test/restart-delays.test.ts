import { expect, it } from "vitest";
import { RestartDelays } from "../src/restart-delays.ts";

it("waits twice as long after each quick death, up to a limit, and forgets them all after a minute of health", () => {
  const delays = new RestartDelays({ firstMs: 100, lastMs: 1_000 });
  expect([0, 5, 59_999, 0, 0].map((ranMs) => delays.afterRun(ranMs))).toEqual([200, 400, 800, 1_000, 1_000]);
  expect([60_000, 0, 1e6].map((ranMs) => delays.afterRun(ranMs))).toEqual([100, 200, 100]);
});

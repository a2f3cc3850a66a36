import { expect, test } from "vitest";
import { isTooSlow, type Pace, secondsToBuffer, WaitMeter } from "../../src/watch/buffer-ahead.ts";

const SLOW: Pace = { neededBytesPerSecond: 1_000_000, swarmBytesPerSecond: 375_000, waitedMs: 6_000, isWhole: false };

test("A swarm is too slow where a film waits for more than it gives", () => {
  expect(isTooSlow(SLOW)).toBe(true);
  expect(isTooSlow({ ...SLOW, waitedMs: 2_000 })).toBe(false);
  expect(isTooSlow({ ...SLOW, swarmBytesPerSecond: 1_100_000 })).toBe(false);
  expect(isTooSlow({ ...SLOW, isWhole: true })).toBe(false);
  expect(isTooSlow({ ...SLOW, neededBytesPerSecond: undefined })).toBe(false);
});

test("So much is waited for that the rest comes while it plays", () => {
  const seconds = secondsToBuffer(SLOW, 800);
  expect(seconds).toBe(500);
  // While the film plays for 800 s, 375/1000 of it come.
  expect(seconds + 800 * 0.375).toBeGreaterThanOrEqual(800);
});

test("It is never more than is left, nor than the server prepares, nor so little that it is no use", () => {
  expect(secondsToBuffer(SLOW, 7_200)).toBe(600);
  expect(secondsToBuffer(SLOW, 20)).toBe(20);
  expect(secondsToBuffer({ ...SLOW, swarmBytesPerSecond: 990_000 }, 1_000)).toBe(30);
  expect(secondsToBuffer({ ...SLOW, swarmBytesPerSecond: 0 }, 300)).toBe(300);
});

test("A film that stutters waits as well as one that stands still, and is forgiven when it plays on", () => {
  const meter = new WaitMeter();
  let nowMs = 0;
  const pass = (isWaiting: boolean, ms: number): number => meter.look(isWaiting, (nowMs += ms));
  meter.look(false, nowMs);
  for (let stop = 0; stop < 3; stop += 1) {
    pass(true, 2_000);
    pass(false, 600);
  }
  expect(pass(false, 0)).toBeCloseTo(5_700);
  expect(pass(false, 60_000)).toBe(0);
  expect(pass(true, 4_000)).toBe(4_000);
  meter.reset();
  expect(pass(true, 500)).toBe(500);
});

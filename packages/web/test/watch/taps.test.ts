import { expect, test } from "vitest";
import { Taps } from "../../src/watch/taps.ts";

const CONTROLS = { kind: "toggleControls" };

test("A tap shows or hides the controls, wherever it is", () => {
  const taps = new Taps();
  expect([taps.tap(0, 0.5), taps.tap(1_000, 0.1), taps.tap(2_000, 0.9)]).toEqual([CONTROLS, CONTROLS, CONTROLS]);
});

test("Two taps at a side seek, and each further one seeks on", () => {
  const taps = new Taps();
  expect(taps.tap(0, 0.8)).toEqual(CONTROLS);
  expect(taps.tap(200, 0.85)).toEqual({ kind: "seekBy", seconds: 10 });
  expect(taps.tap(450, 0.8)).toEqual({ kind: "seekBy", seconds: 10 });
  expect(taps.tap(2_000, 0.2)).toEqual(CONTROLS);
  expect(taps.tap(2_100, 0.2)).toEqual({ kind: "seekBy", seconds: -10 });
});

test("Taps at different sides, or in the middle, or long after each other, do not belong together", () => {
  const taps = new Taps();
  const times: [number, number][] = [
    [0, 0.1],
    [200, 0.9],
    [400, 0.5],
    [600, 0.5],
    [1_500, 0.9],
    [1_900, 0.9],
  ];
  expect(times.map(([atMs, xShare]) => taps.tap(atMs, xShare))).toEqual(times.map(() => CONTROLS));
});

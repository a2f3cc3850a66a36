import { assert, double, option, property } from "fast-check";
import { describe, expect, test } from "vitest";
import {
  aheadSeconds,
  endOfGap,
  type FeedState,
  placeToFetch,
  staleRange,
  type TimeRange,
} from "../../src/playback/feed-plan.ts";

const range = (startSeconds: number, endSeconds: number): TimeRange => ({ startSeconds, endSeconds });

function placeIn(state: Partial<FeedState>): number | undefined {
  return placeToFetch({ held: [], positionSeconds: 0, reachedSeconds: undefined, endSeconds: 600, ...state });
}

describe("A download begins", () => {
  test.each<[string, Partial<FeedState>, number | undefined]>([
    ["where the film is looked for", { positionSeconds: 300 }, 300],
    ["where that is, though another one is elsewhere", { positionSeconds: 300, reachedSeconds: 40 }, 300],
    ["behind what is held there", { held: [range(290, 320)], positionSeconds: 300 }, 320],
    [
      "behind what is held there, and not where another one is",
      { held: [range(0, 20), range(300, 330)], positionSeconds: 10, reachedSeconds: 330 },
      20,
    ],
    ["shortly before the end for who looks for the end", { positionSeconds: 600 }, 599.5],
    ["at the start of a moment's film", { positionSeconds: 0.2, endSeconds: 0.3 }, 0],
    ["nowhere, where one is about to bring it", { positionSeconds: 300, reachedSeconds: 299.8 }, undefined],
    [
      "nowhere, where one goes on with what is held",
      { held: [range(0, 40)], positionSeconds: 10, reachedSeconds: 40 },
      undefined,
    ],
    [
      "nowhere, where one has brought a picture that begins a little later",
      { held: [range(0.08, 20)], reachedSeconds: 20 },
      undefined,
    ],
    ["nowhere, where all is held until the end", { held: [range(500, 599.8)], positionSeconds: 550 }, undefined],
  ])("%s", (_title, state, expected) => {
    expect(placeIn(state)).toBe(expected);
  });

  test("never before the position, and never behind what is held from there on", () => {
    const seconds = double({ min: 0, max: 600, noNaN: true });
    assert(
      property(
        seconds,
        seconds,
        seconds,
        option(seconds, { nil: undefined }),
        (from, to, positionSeconds, reachedSeconds) => {
          const held = from < to ? [range(from, to)] : [];
          const place = placeIn({ held, positionSeconds, reachedSeconds });
          if (place === undefined) return;
          expect(place).toBeGreaterThanOrEqual(Math.min(positionSeconds, 599.5));
          expect(place === Math.min(positionSeconds, 599.5) || place === to).toBe(true);
        },
      ),
    );
  });
});

describe("Ahead of the film is downloaded", () => {
  const pace = { positionSeconds: 100, fromSeconds: 100, isShown: true, isAlone: false };
  test.each([
    ["what a picture needs", { isShown: false }, 1],
    ["some more when that is there", {}, 8],
    ["more of what is seen", { positionSeconds: 105 }, 18],
    ["half a minute at most", { positionSeconds: 500 }, 30],
    ["no less where it goes on with what was held", { fromSeconds: 120 }, 8],
    ["all of what sounds without a picture", { isAlone: true, isShown: false }, Number.POSITIVE_INFINITY],
  ])("%s", (_title, state, expected) => {
    expect(aheadSeconds({ ...pace, ...state })).toBe(expected);
  });
});

describe("What is thrown away", () => {
  test.each<[string, readonly TimeRange[], TimeRange | undefined]>([
    ["lies far behind", [range(0, 120)], range(0, 70)],
    ["may be an island", [range(10, 20), range(90, 120)], range(0, 70)],
    ["is nothing where all is near", [range(80, 120)], undefined],
    ["is nothing where nothing is", [], undefined],
  ])("%s", (_title, held, expected) => {
    expect(staleRange(held, 100, 30)).toEqual(expected);
  });
});

describe("A gap", () => {
  test.each<[string, readonly TimeRange[], number | undefined]>([
    ["ends where there is something again", [range(0, 9), range(10.4, 20)], 10.4],
    ["is none where there is something", [range(9, 20)], undefined],
    ["is not over where nothing has come", [range(0, 9)], undefined],
  ])("%s", (_title, held, expected) => {
    expect(endOfGap(held, 10)).toBe(expected);
  });
});

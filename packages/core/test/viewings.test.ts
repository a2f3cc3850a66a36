import { describe, expect, test } from "vitest";
import { isFinished, RecentViewings, VIEWINGS_LIMIT, type ViewingEvent } from "../src/index.ts";

describe("a viewing is finished", () => {
  test.each([
    { title: "with less than 5 % left", durationSeconds: 1200, positionSeconds: 1140.1, expected: true },
    { title: "not with 5 % left", durationSeconds: 1200, positionSeconds: 1140, expected: false },
    {
      title: "of a long film with less than three minutes left",
      durationSeconds: 7200,
      positionSeconds: 7021,
      expected: true,
    },
    {
      title: "not of a long film with three minutes left",
      durationSeconds: 7200,
      positionSeconds: 7020,
      expected: false,
    },
    { title: "behind its end", durationSeconds: 60, positionSeconds: 61, expected: true },
    { title: "not at its start", durationSeconds: 60, positionSeconds: 0, expected: false },
    {
      title: "not where nothing tells how long it is",
      durationSeconds: undefined,
      positionSeconds: 9e6,
      expected: false,
    },
  ])("$title", ({ durationSeconds, positionSeconds, expected }) => {
    expect(isFinished({ durationSeconds, positionSeconds })).toBe(expected);
  });
});

test("recent viewings go on from what was recorded before, and are no more than their limit", () => {
  const recorded = Array.from({ length: VIEWINGS_LIMIT + 3 }, (_, index) => ({
    infoHash: "a".repeat(40),
    index,
    positionSeconds: index,
    watchedAtMs: index,
  }));
  const viewings = new RecentViewings({ wallClockMs: () => 5, recorded });
  expect(viewings.list()).toEqual(recorded.slice(3).reverse());
  const events: ViewingEvent[] = [];
  using _subscription = viewings.subscribe((event) => events.push(event));
  viewings.record({ infoHash: "b".repeat(40), index: 0, positionSeconds: 1 });
  expect(events.map(({ type }) => type)).toEqual(["viewing", "viewingRemoved"]);
  expect(viewings.list()).toHaveLength(VIEWINGS_LIMIT);
  expect([viewings.forget("b".repeat(40), 1), viewings.forget("b".repeat(40), 0)]).toEqual([0, 1]);
  expect(viewings.forget("a".repeat(40))).toBe(VIEWINGS_LIMIT - 1);
  const again = viewings.record({ infoHash: "b".repeat(40), index: 0, positionSeconds: 2 });
  expect(viewings.list()).toEqual([again]);
});

import { expect, test } from "vitest";
import { chapterAt } from "../../src/watch/chapters.ts";

test("The chapter at a time is the latest that has begun", () => {
  const chapters = [
    { startSeconds: 5, title: "One" },
    { startSeconds: 60, title: "Two" },
  ];
  expect([0, 5, 59.9, 60, 1_000].map((seconds) => chapterAt(chapters, seconds)?.title)).toEqual([
    undefined,
    "One",
    "One",
    "Two",
    "Two",
  ]);
  expect(chapterAt([], 5)).toBeUndefined();
});

import { describe, expect, it } from "vitest";
import { baseSeed } from "./base-seed.ts";
import { STORIES } from "./stories.ts";
import { missedGoals } from "./story.ts";

const TIMEOUT_MS = 120_000;

describe("stories", () => {
  it.each(STORIES.flatMap(({ name, tell }) => [1, baseSeed()].map((seed) => ({ name, tell, seed }))))(
    "end well: npm run simulate -- --story $name --seed $seed",
    async ({ tell, seed }) => {
      expect(missedGoals(await tell(seed))).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

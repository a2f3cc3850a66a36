/** What a story promises of one of its figures. */
export interface StoryGoal {
  /** In words, with the unit: "first bytes, ms". */
  readonly what: string;
  readonly value: number;
  readonly limit: number;
  /** Whether the value may be at most the limit, or must be at least that. */
  readonly kind: "at most" | "at least";
}

/** Something that happens to people who watch, in a world that follows from a seed. */
export interface Story {
  readonly name: string;
  readonly tell: (seed: number) => Promise<readonly StoryGoal[]>;
}

export function atMost(what: string, value: number, limit: number): StoryGoal {
  return { what, value, limit, kind: "at most" };
}

export function atLeast(what: string, value: number, limit: number): StoryGoal {
  return { what, value, limit, kind: "at least" };
}

/** What did not come true, in words. */
export function missedGoals(goals: readonly StoryGoal[]): string[] {
  return goals
    .filter(({ kind, value, limit }) => !(kind === "at most" ? value <= limit : value >= limit))
    .map(({ what, value, kind, limit }) => `${what}: ${Math.round(value * 100) / 100}, ${kind} ${limit}`);
}

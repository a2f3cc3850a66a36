import { beforeAll } from "vitest";
import { films } from "./films.ts";
import type { FilmName } from "./recipes.ts";

/** Ten minutes of film are encoded in under two on an idle machine of two cores; most machines are neither idle nor alone. */
const MAKING_LIMIT_MS = 15 * 60_000;

/** Makes these films before any test of the suite runs: what encodes for minutes must not count against a test's own time. */
export function prepareFilms(...names: readonly FilmName[]): void {
  beforeAll(async () => {
    for (const name of names) await films.ensure(name);
  }, MAKING_LIMIT_MS);
}

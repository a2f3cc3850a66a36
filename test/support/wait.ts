import { setTimeout as delay } from "node:timers/promises";

/** Asks until the answer is neither undefined nor false; fails with `what` after `limitMs`. */
export async function waitUntil<Answer>(
  what: string,
  ask: () => Answer | undefined | false | Promise<Answer | undefined | false>,
  limitMs = 20_000,
): Promise<Answer> {
  const startedMs = performance.now();
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() - startedMs > limitMs) throw new Error(`Waited ${limitMs} ms in vain until ${what}`);
    await delay(25);
  }
}

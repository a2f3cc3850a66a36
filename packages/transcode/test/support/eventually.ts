import { vi } from "vitest";

/** A process that ends does so when the machine has time for it: nothing of ours depends on how soon that is. */
const LIMIT_MS = 10_000;

/** Resolves once the assertion holds; rejects with its last failure if that takes too long. */
export async function eventually(assertion: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(assertion, { timeout: LIMIT_MS });
}

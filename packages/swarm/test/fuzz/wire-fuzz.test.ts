import { expect, it } from "vitest";
import { isSoak } from "../../../../test/support/soak.ts";
import { baseSeed } from "../simulation/base-seed.ts";
import { runFuzzedSession } from "./fuzzed-session.ts";

/** One is replayed, or more from it on are run, by `WIRE_FUZZ_SEED=N WIRE_FUZZ_RUNS=M npm test -- packages/swarm/test/fuzz`. */
const GIVEN_SEED = process.env["WIRE_FUZZ_SEED"];
const GIVEN_RUNS = Number(process.env["WIRE_FUZZ_RUNS"] ?? 1);
/** Always the same, so that a failure of theirs is that of a change; and others at each commit. */
const PINNED_SEEDS = seedsFrom(1, 8);
const RANDOM_RUNS = isSoak ? 20 : 8;
const SEEDS =
  GIVEN_SEED === undefined
    ? [...PINNED_SEEDS, ...seedsFrom(baseSeed(), RANDOM_RUNS)]
    : seedsFrom(Number(GIVEN_SEED), GIVEN_RUNS);
const CONNECTIONS_PER_RUN = 100;
/** Kept by the whole run, whatever hostile peers sent: buffers of pieces and of half messages are a few MiB. */
const MAX_GROWTH_BYTES = 192 * 1024 * 1024;

it(`serves honest peers beside ${SEEDS.length * CONNECTIONS_PER_RUN} hostile connections, and keeps nothing of them`, async () => {
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown): void => void rejections.push(reason);
  process.on("unhandledRejection", onRejection);
  const before = usedBytes();
  try {
    for (const seed of SEEDS) {
      const failure = await runFuzzedSession(seed, CONNECTIONS_PER_RUN).catch((error: unknown) => error);
      expect([failure, ...rejections], `WIRE_FUZZ_SEED=${seed} replays it`).toEqual([undefined]);
    }
  } finally {
    process.off("unhandledRejection", onRejection);
  }
  expect(usedBytes() - before).toBeLessThan(MAX_GROWTH_BYTES);
}, 300_000);

function usedBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function seedsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => (first + index) >>> 0);
}

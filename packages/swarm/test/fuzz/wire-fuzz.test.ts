import { expect, it } from "vitest";
import { isSoak } from "../../../../test/support/soak.ts";
import { runFuzzedSession } from "./fuzzed-session.ts";

/** Replayed, or more of them run, by `WIRE_FUZZ_SEED=N WIRE_FUZZ_RUNS=M npm test -- packages/swarm/test/fuzz`. */
const FIRST_SEED = Number(process.env["WIRE_FUZZ_SEED"] ?? 1);
const RUNS = Number(process.env["WIRE_FUZZ_RUNS"] ?? (isSoak ? 20 : 8));
const CONNECTIONS_PER_RUN = 100;
/** Kept by the whole run, whatever hostile peers sent: buffers of pieces and of half messages are a few MiB. */
const MAX_GROWTH_BYTES = 192 * 1024 * 1024;

it(`serves honest peers beside ${RUNS * CONNECTIONS_PER_RUN} hostile connections, and keeps nothing of them`, async () => {
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown): void => void rejections.push(reason);
  process.on("unhandledRejection", onRejection);
  const before = usedBytes();
  try {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed += 1) {
      const failure = await runFuzzedSession(seed, CONNECTIONS_PER_RUN).catch((error: unknown) => error);
      expect([failure, ...rejections], `WIRE_FUZZ_SEED=${seed} WIRE_FUZZ_RUNS=1 replays it`).toEqual([undefined]);
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

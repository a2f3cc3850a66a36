import { describe, expect, test } from "vitest";
import { CHUNK_MAX_BYTES, CHUNK_MIN_BYTES, nextChunkLength } from "../src/chunk-length.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** The lengths of the chunks of a client that always waits `waitedMs`, until it has taken `totalBytes`. */
function lengths(waitedMs: number, totalBytes: number): number[] {
  const found: number[] = [];
  let previousBytes = CHUNK_MIN_BYTES;
  for (let takenBytes = 0; takenBytes < totalBytes; takenBytes += previousBytes) {
    previousBytes = nextChunkLength({ previousBytes, takenBytes, waitedMs });
    found.push(previousBytes);
  }
  return found;
}

describe("The length of a chunk", () => {
  test("starts at 64 KiB and reaches 1 MiB for a client that keeps up", () => {
    const found = lengths(10, 64 * MIB);
    expect(found[0]).toBe(CHUNK_MIN_BYTES);
    expect(found.at(-1)).toBe(CHUNK_MAX_BYTES);
    expect(found).toEqual([...found].sort((a, b) => a - b));
  });

  test("is at most 160 KiB for a client that stalls after the 5 MB that the kernels take for it", () => {
    expect(Math.max(...lengths(0, 5 * MIB))).toBeLessThanOrEqual(160 * KIB);
  });

  test("stays at 64 KiB for a client that is slow", () => {
    expect(new Set(lengths(1000, 100 * MIB))).toEqual(new Set([CHUNK_MIN_BYTES]));
  });

  test.each([
    ["doubles at most", { previousBytes: 128 * KIB, takenBytes: 500 * MIB, waitedMs: 250 }, 256 * KIB],
    ["never passes 1 MiB", { previousBytes: MIB, takenBytes: 500 * MIB, waitedMs: 0 }, MIB],
    ["is halved when the client falls behind", { previousBytes: MIB, takenBytes: 500 * MIB, waitedMs: 251 }, 512 * KIB],
    ["never falls below 64 KiB", { previousBytes: 64 * KIB, takenBytes: 500 * MIB, waitedMs: 9999 }, 64 * KIB],
    [
      "is whole when half of an odd length is due",
      { previousBytes: 570_165, takenBytes: 500 * MIB, waitedMs: 251 },
      285_082,
    ],
  ])("%s", (_, state, expected) => {
    expect(nextChunkLength(state)).toBe(expected);
  });
});

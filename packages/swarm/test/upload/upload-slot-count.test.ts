import { expect, it } from "vitest";
import { uploadSlotCount } from "../../src/upload/index.ts";

const KIB = 1024;

it.each([
  [undefined, 4],
  [4 * KIB, 2],
  [48 * KIB, 3],
  [64 * KIB, 4],
  [100 * KIB, 6],
  [1024 * KIB, 24],
  [100 * 1024 * KIB, 30],
])("under a limit of %s bytes per second, %i peers are sent to at once", (limit, slots) => {
  expect(uploadSlotCount(limit)).toBe(slots);
});

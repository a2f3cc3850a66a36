import { expect, it } from "vitest";
import { readRetryAfter, retryDelayMs } from "../../src/webseed/retry-policy.ts";

it.each([
  [1, undefined, 1_000],
  [2, undefined, 2_000],
  [6, undefined, 32_000],
  [9, undefined, 256_000],
  [10, undefined, 300_000],
  [1_000, undefined, 300_000],
  [1, 120_000, 120_000],
  [9, 1_000, 256_000],
  [1, 86_400_000, 3_600_000],
])("rests after error %i in a row, the server asking for %s ms, for %i ms", (failures, requestedMs, expected) => {
  expect(retryDelayMs(failures, requestedMs)).toBe(expected);
});

it.each([
  ["120", 120_000],
  [" 0 ", 0],
  ["Thu, 01 Jan 1970 00:01:40 GMT", 90_000],
  ["Thu, 01 Jan 1970 00:00:01 GMT", 0],
  ["soon", undefined],
  ["", undefined],
  [undefined, undefined],
])("reads Retry-After: %s, ten seconds after 1970 began, as %s ms", (header, expected) => {
  expect(readRetryAfter(header, 10_000)).toBe(expected);
});

import { expect, test } from "vitest";
import {
  formatBitRate,
  formatBytes,
  formatCount,
  formatRate,
  formatSeconds,
  formatShare,
  formatTime,
} from "../src/format.ts";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1_000, "1.0 KB"],
  [999_499, "999 KB"],
  [999_500, "1.0 MB"],
  [1_440_000_000, "1.4 GB"],
  [25_000_000_000, "25 GB"],
  [7_000_000_000_000_000, "7000 TB"],
])("%d bytes are %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test("in German, decimals have a comma", () => {
  expect([formatBytes(1_400, "de"), formatRate(1_400, "de"), formatBitRate(100_000, "de")]).toEqual([
    "1,4 KB",
    "1,4 KB/s",
    "0,8 Mb/s",
  ]);
});

test.each([
  [0, "0 Mb/s"],
  [375_000, "3 Mb/s"],
  [400_000, "3.2 Mb/s"],
  [12_500_000, "100 Mb/s"],
])("%d bytes a second are %s", (bytesPerSecond, text) => {
  expect(formatBitRate(bytesPerSecond)).toBe(text);
});

test.each([
  [0, 0, "0 %"],
  [999, 1000, "99 %"],
  [1000, 1000, "100 %"],
])("%d of %d is %s", (part, whole, text) => {
  expect(formatShare(part, whole)).toBe(text);
});

test.each([
  [-1, "0:00"],
  [59.9, "0:59"],
  [60, "1:00"],
  [3_599, "59:59"],
  [3_723, "1:02:03"],
])("the place %d s is %s", (seconds, text) => {
  expect(formatTime(seconds)).toBe(text);
});

test("counts and durations are told in words", () => {
  expect([formatCount(1, "peer"), formatCount(2, "peer"), formatSeconds(1_250)]).toEqual([
    "1 peer",
    "2 peers",
    "1.3 s",
  ]);
});

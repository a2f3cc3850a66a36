import { expect, test } from "vitest";
import { checkClock, checkNode } from "../../src/doctor/check-machine.ts";

test.each([
  ["v20.19.0", "ok"],
  ["v24.0.1", "ok"],
  ["v20.18.9", "fail"],
  ["v18.20.0", "fail"],
])("Node.js %s is %s", (version, status) => {
  expect(checkNode(version)).toMatchObject({ check: "node", status });
});

test("a Node.js that is too old is told what to install", () => {
  expect(checkNode("v18.20.0").message).toBe("Node.js v18.20.0 is too old: install 20.19 or newer.");
});

const NOW_MS = Date.UTC(2026, 5, 1);

test.each([
  ["a clock that is right", NOW_MS, undefined, "ok"],
  ["a folder written to a moment ago", NOW_MS, NOW_MS + 30_000, "ok"],
  ["a folder written to in the future", NOW_MS, NOW_MS + 3_600_000, "warn"],
  ["a clock that was never set", 0, undefined, "fail"],
])("%s", (_title, nowMs, fileMs, status) => {
  const finding = checkClock(nowMs, fileMs);
  expect(finding).toMatchObject({ check: "clock", status });
  expect(finding.message.includes("timedatectl set-ntp true")).toBe(status !== "ok");
});

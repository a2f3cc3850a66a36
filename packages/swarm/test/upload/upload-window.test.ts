import { describe, expect, it } from "vitest";
import { nextUploadWindow } from "../../src/upload/upload-window.ts";

const KIB = 1024;

describe("the upload window", () => {
  it.each([
    { title: "is doubled for a peer that took it at once", windowKiB: 64, sentMs: 0, nextKiB: 128 },
    { title: "stays where twice as much would take too long", windowKiB: 64, sentMs: 100, nextKiB: 64 },
    {
      title: "stays as long as nothing waits for more than a quarter of a second",
      windowKiB: 64,
      sentMs: 250,
      nextKiB: 64,
    },
    { title: "is halved for a peer that takes long", windowKiB: 64, sentMs: 251, nextKiB: 32 },
    { title: "is never more than 512 KiB", windowKiB: 512, sentMs: 0, nextKiB: 512 },
    { title: "is never less than two blocks", windowKiB: 32, sentMs: 60_000, nextKiB: 32 },
  ])("$title", ({ windowKiB, sentMs, nextKiB }) => {
    expect(nextUploadWindow(windowKiB * KIB, sentMs)).toBe(nextKiB * KIB);
  });
});

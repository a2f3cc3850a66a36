import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { checkFfmpeg } from "../../src/doctor/check-ffmpeg.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../../src/temporary-folder.ts";

const { signal } = new AbortController();
let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await makeTemporaryFolder("riptide-test-doctor-");
});
afterAll(() => folder[Symbol.asyncDispose]());

/** A program that says of itself what an ffmpeg with these encoders does. */
async function fakeFfmpeg(name: string, ...encoders: readonly string[]): Promise<string> {
  const path = join(folder.path, name);
  const demuxers = ["matroska", "mov", "mpegts", "avi", "flv", "asf", "ogg"];
  const script = `#!/bin/sh
echo "ffmpeg version 7.1" >&2
echo "  libavcodec     61. 19.100 / 61. 19.100" >&2
case "$1" in
  -demuxers) ${list(demuxers)} ;;
  -encoders) ${list(encoders)} ;;
esac
`;
  await writeFile(path, script);
  await chmod(path, 0o755);
  return path;
}

test("one that can do everything is fine", async () => {
  const path = await fakeFfmpeg("whole", "aac", "libx264");
  const message = `ffmpeg 7.1 at ${path} converts sound to AAC and pictures to H.264.`;
  expect(await checkFfmpeg(path, signal)).toEqual({ check: "ffmpeg", status: "ok", message });
});

test("one without libx264 converts no pictures, or a graphics card does", async () => {
  const poor = await checkFfmpeg(await fakeFfmpeg("poor", "aac"), signal);
  expect(poor).toMatchObject({ status: "warn", message: expect.stringContaining("no picture is converted") });
  const card = await checkFfmpeg(await fakeFfmpeg("card", "aac", "h264_vaapi"), signal);
  expect(card).toMatchObject({ status: "warn", message: expect.stringContaining("only a graphics card can") });
});

test("one that was named and does not work is a failure; one that is missing can be installed", async () => {
  const named = await checkFfmpeg(join(folder.path, "nothing"), signal);
  expect(named).toMatchObject({ status: "fail", message: expect.stringContaining("Give the full path of one") });
  vi.stubEnv("PATH", folder.path).stubEnv("FFMPEG_PATH", "");
  onTestFinished(() => void vi.unstubAllEnvs());
  const missing = await checkFfmpeg(undefined, signal);
  expect(missing).toMatchObject({ status: "warn", message: expect.stringContaining("apt install ffmpeg") });
});

/** As ffmpeg lists what it has. */
function list(names: readonly string[]): string {
  return names.map((name) => `echo ' D  ${name}   x'`).join("; ");
}

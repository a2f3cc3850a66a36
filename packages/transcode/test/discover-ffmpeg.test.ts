import { dirname } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { discoverFfmpeg } from "../src/index.ts";
import { fakeFfmpeg, temporaryFolder } from "./support/fake-ffmpeg.ts";

const { signal } = new AbortController();

/** Answers like ffmpeg 5.1 without libx264, except where the options say otherwise. */
function answers({
  version = "ffmpeg version 5.9-test Copyright",
  libavcodec = "59. 37.100",
  demuxers = "matroska,webm mov,mp4 mpegts avi flv asf ogg",
  encoders = "aac",
} = {}): string {
  return `echo "${version}" >&2
  echo "  libavutil      57. 28.100 / 57. 28.100" >&2
  echo "  libavcodec     ${libavcodec} / ${libavcodec}" >&2
  case "$*" in
    -demuxers) ${listing(demuxers)};;
    -encoders) ${listing(encoders)};;
  esac`;
}

function listing(names: string): string {
  return names
    .split(" ")
    .map((name) => `echo " D  ${name}  Something"`)
    .join("; ");
}

beforeEach(() => {
  vi.stubEnv("FFMPEG_PATH", undefined);
  onTestFinished(() => void vi.unstubAllEnvs());
});

describe("Looking for ffmpeg", () => {
  test("finds the one of this machine and what it can do", async () => {
    expect(await discoverFfmpeg({ signal })).toEqual({
      path: expect.stringMatching(/^\/.*\/ffmpeg$/),
      version: expect.stringMatching(/^[5-9]/),
      canEncodeH264: true,
      hardwareEncoders: expect.any(Array),
      confinement: expect.any(Object),
    });
  });

  test("takes the path that is given before everything else", async () => {
    vi.stubEnv("FFMPEG_PATH", "/nonexistent");
    const path = await fakeFfmpeg(answers());
    expect(await discoverFfmpeg({ path, signal })).toMatchObject({ path, version: "5.9-test", canEncodeH264: false });
  });

  test("takes FFMPEG_PATH before PATH", async () => {
    const path = await fakeFfmpeg(answers({ encoders: "aac h264_vaapi libx264 h264_nvenc" }));
    vi.stubEnv("FFMPEG_PATH", path);
    expect(await discoverFfmpeg({ signal })).toEqual({
      path,
      version: "5.9-test",
      canEncodeH264: true,
      hardwareEncoders: ["h264_nvenc", "h264_vaapi"],
      confinement: expect.any(Object),
    });
  });

  test("takes the first program on PATH, and ignores relative folders", async () => {
    const path = await fakeFfmpeg(answers());
    vi.stubEnv("PATH", `.:${await temporaryFolder()}:${dirname(path)}:/usr/bin`);
    expect(await discoverFfmpeg({ signal })).toMatchObject({ path });
  });

  test("finds nothing on a PATH without ffmpeg", async () => {
    vi.stubEnv("PATH", await temporaryFolder());
    expect(await discoverFfmpeg({ signal })).toBeUndefined();
    vi.stubEnv("PATH", undefined);
    expect(await discoverFfmpeg({ signal })).toBeUndefined();
  });

  test("does as if there were none if the one on PATH does not work", async () => {
    vi.stubEnv("PATH", dirname(await fakeFfmpeg("exit 1")));
    expect(await discoverFfmpeg({ signal })).toBeUndefined();
  });

  test("takes a build of the next major version, whatever it calls itself", async () => {
    const path = await fakeFfmpeg(answers({ version: "ffmpeg version N-122000-gabc", libavcodec: "63.  1.102" }));
    expect(await discoverFfmpeg({ path, signal })).toMatchObject({ version: "N-122000-gabc" });
  });

  test("treats an empty FFMPEG_PATH like none", async () => {
    vi.stubEnv("FFMPEG_PATH", "");
    expect(await discoverFfmpeg({ signal })).toMatchObject({ canEncodeH264: true });
  });
});

describe("A program that is named and does not work is an error", () => {
  test.each([
    ["fails", "exit 1", "Command failed"],
    ["is something else", "echo hello", "does not say that it is ffmpeg"],
    ["cannot read Matroska", answers({ demuxers: "mov mpegts avi flv asf ogg" }), "cannot read matroska"],
    ["cannot encode AAC", answers({ encoders: "mp2" }), "cannot encode AAC"],
    ["is older than 5.1", answers({ libavcodec: "59. 18.100" }), "too old: 5.9-test"],
    [
      "is much older",
      answers({ version: "ffmpeg version n4.4.1 Copyright", libavcodec: "58.134.100" }),
      "too old: n4.4.1",
    ],
    ["does not say how old it is", answers({ libavcodec: "" }), "too old: 5.9-test"],
  ])("because it %s", async (_, script, cause) => {
    const path = await fakeFfmpeg(script);
    const failure = await discoverFfmpeg({ path, signal }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "ffmpeg_missing", cause: { message: expect.stringContaining(cause) } });
    expect(String(failure)).not.toContain(path);
  });

  test("because FFMPEG_PATH names nothing, and the message says that it was FFMPEG_PATH", async () => {
    vi.stubEnv("FFMPEG_PATH", "/nonexistent/ffmpeg");
    await expect(discoverFfmpeg({ signal })).rejects.toThrow("FFMPEG_PATH");
  });

  test("but not if the search was called off", async () => {
    const client = new AbortController();
    const path = await fakeFfmpeg("exec sleep 1000");
    const found = discoverFfmpeg({ path, signal: client.signal });
    client.abort(new Error("called off"));
    await expect(found).rejects.toThrow("called off");
  });
});

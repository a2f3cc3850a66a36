import { describe, expect, test } from "vitest";
import { type H264Encoder, h264Encoding } from "../src/h264-encoding.ts";
import type { PictureShape } from "../src/index.ts";

const picture = (widthPixels: number, heightPixels: number, framesPerSecond = 24, isDearToDecode = false) => ({
  widthPixels,
  heightPixels,
  framesPerSecond,
  isDearToDecode,
});
const unknown: PictureShape = {
  widthPixels: undefined,
  heightPixels: undefined,
  framesPerSecond: undefined,
  isDearToDecode: true,
};

describe("How a picture is encoded", () => {
  test.each<[string, PictureShape, number, string, number | undefined]>([
    ["DVD on one core", picture(720, 576, 25), 1, "veryfast", undefined],
    ["720p on two cores", picture(1280, 720), 2, "veryfast", undefined],
    ["720p of HEVC on two cores", picture(1280, 720, 24, true), 2, "veryfast", undefined],
    ["720p at 60 on two cores", picture(1280, 720, 60), 2, "superfast", undefined],
    ["1080p on two cores", picture(1920, 1080), 2, "veryfast", undefined],
    ["1080p of HEVC on two cores", picture(1920, 1080, 24, true), 2, "superfast", undefined],
    ["1080p of HEVC at 60 on two cores, too much in any way", picture(1920, 1080, 60, true), 2, "ultrafast", 480],
    ["1080p of HEVC at 60 on eight cores", picture(1920, 1080, 60, true), 8, "veryfast", undefined],
    ["4K of HEVC on two cores, too much in any way", picture(3840, 2160, 24, true), 2, "ultrafast", 480],
    ["4K of HEVC on four cores", picture(3840, 2160, 24, true), 4, "ultrafast", 1080],
    ["4K of HEVC on sixteen cores", picture(3840, 2160, 24, true), 16, "veryfast", 1080],
    ["a picture of which nothing is known, on two cores", unknown, 2, "ultrafast", undefined],
    ["a picture at an impossible rate, on two cores", picture(320, 240, 1e6), 2, "veryfast", undefined],
    ["a small picture on no core at all", picture(320, 240), 0, "ultrafast", undefined],
  ])("%s", (_, shape, cores, preset, maxHeightPixels) => {
    expect(h264Encoding(shape, { encoder: "libx264", cores })).toMatchObject({ preset, maxHeightPixels });
  });

  test("hardware keeps sizes that a processor could not encode", () => {
    const heights = (["libx264", "h264_vaapi"] satisfies H264Encoder[]).map(
      (encoder) => h264Encoding(picture(1920, 1080, 50, true), { encoder, cores: 2 }).maxHeightPixels,
    );
    expect(heights).toEqual([540, undefined]);
  });

  test.each([
    [240, 1.5],
    [480, 2.5],
    [576, 3.5],
    [720, 6],
    [1080, 10],
  ])("%d lines take %d Mb/s at most", (height, megabits) => {
    const encoding = h264Encoding(picture((height * 16) / 9, height), { encoder: "libx264", cores: 8 });
    expect(encoding.maxBitsPerSecond).toBe(megabits * 1e6);
  });

  test.each([
    [1, 2],
    [4, 2],
    [6, 3],
    [64, 4],
  ])("of %d cores, %d threads work on a film", (cores, threads) => {
    expect(h264Encoding(picture(1280, 720), { encoder: "libx264", cores }).threads).toBe(threads);
  });
});

import { describe, expect, test } from "vitest";
import { chooseMode } from "../src/choose-mode.ts";
import { audioTrack, mediaInfo, subtitleTrack, videoTrack } from "./support/media-infos.ts";

describe("A client that says nothing gets", () => {
  test.each([
    ["MP4 with H.264 and AAC", mediaInfo("mp4", [videoTrack("h264"), audioTrack("aac")])],
    [
      "MP4 with its index at the end",
      mediaInfo("mp4", [videoTrack("h264"), audioTrack("aac")], { isFastStart: false }),
    ],
    ["MP4 with HEVC, which a copy would not help", mediaInfo("mp4", [videoTrack("hevc"), audioTrack("aac")])],
    ["MP4 with sound only", mediaInfo("mp4", [audioTrack("mp3")])],
    ["WebM", mediaInfo("webm", [videoTrack("vp8"), audioTrack("vorbis"), subtitleTrack()])],
    ["Ogg with sound only", mediaInfo("ogg", [audioTrack("opus")])],
    [
      "MP4 whose default sound plays",
      mediaInfo("mp4", [audioTrack("ac3"), audioTrack("aac", { index: 1, isDefault: true })]),
    ],
  ])("directly: %s", (_, info) => {
    const { mode, reasons } = chooseMode(info);
    expect(mode).toBe("direct");
    expect(reasons).toEqual([expect.stringMatching(/^Browsers play this .* file as it is\.$/)]);
  });

  test.each([
    [
      "Matroska",
      mediaInfo("matroska", [videoTrack("h264"), audioTrack("aac")]),
      ["Browsers do not play Matroska; it is repackaged as MP4."],
    ],
    ["AVI", mediaInfo("avi", [videoTrack("mpeg4")]), ["Browsers do not play AVI; it is repackaged as MP4."]],
    ["MPEG-TS", mediaInfo("mpegts", [videoTrack("h264")]), ["Browsers do not play MPEG-TS; it is repackaged as MP4."]],
    ["FLV", mediaInfo("flv", [videoTrack("h264")]), ["Browsers do not play FLV; it is repackaged as MP4."]],
    [
      "Windows Media",
      mediaInfo("asf", [videoTrack("wmv")]),
      ["Browsers do not play Windows Media; it is repackaged as MP4."],
    ],
    [
      "MP4 with AC-3",
      mediaInfo("mp4", [videoTrack("h264"), audioTrack("ac3")], { isFastStart: true }),
      ["Most browsers cannot play its sound; it is converted."],
    ],
    [
      "MP4 whose default sound does not play",
      mediaInfo("mp4", [audioTrack("aac"), audioTrack("dts", { index: 1, isDefault: true })]),
      ["Most browsers cannot play its sound; it is converted."],
    ],
    [
      "MP4 with MPEG-4 ASP and AC-3",
      mediaInfo("mp4", [videoTrack("mpeg4"), audioTrack("ac3")]),
      [
        "Most browsers cannot show its picture; it is converted.",
        "Most browsers cannot play its sound; it is converted.",
      ],
    ],
    [
      "Ogg with Theora",
      mediaInfo("ogg", [videoTrack("theora"), audioTrack("vorbis")]),
      ["Most browsers cannot show its picture; it is converted."],
    ],
  ])("remuxed: %s", (_, info, reasons) => {
    expect(chooseMode(info)).toEqual({ mode: "remux", reasons });
  });

  test("directly what it may not be able to play, if it cannot be converted", () => {
    const info = mediaInfo("mp4", [videoTrack("h264"), audioTrack("ac3")], { isFastStart: false });
    expect(chooseMode(info)).toEqual({ mode: "direct", reasons: [expect.stringContaining("index lies at its end")] });
  });
});

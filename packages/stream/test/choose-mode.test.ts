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
    expect(reasons).toEqual([expect.stringMatching(/^Browsers play .* as it is\.$/)]);
  });

  test.each([
    ["AC-3", mediaInfo("mp4", [videoTrack("h264"), audioTrack("ac3")], { isFastStart: true })],
    ["DTS by default", mediaInfo("mp4", [audioTrack("aac"), audioTrack("dts", { index: 1, isDefault: true })])],
  ])("directly, with a word of doubt: MP4 with %s", (_, info) => {
    expect(chooseMode(info)).toEqual({
      mode: "direct",
      reasons: ["Browsers play MP4 as it is.", "Most browsers cannot play its sound; remux.mp4 converts it."],
    });
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
      "Ogg with Theora",
      mediaInfo("ogg", [videoTrack("theora"), audioTrack("vorbis")]),
      ["Browsers do not play Ogg; it is repackaged as MP4."],
    ],
  ])("remuxed: %s", (_, info, reasons) => {
    expect(chooseMode(info)).toEqual({ mode: "remux", reasons });
  });
});

import { describe, expect, test } from "vitest";
import type { PlaybackChoice } from "../src/playback.ts";
import { streamType } from "../src/stream-type.ts";
import { audioTrack, mediaInfo, subtitleTrack, videoTrack } from "./support/media-infos.ts";

const CONVERTED: PlaybackChoice = {
  mode: "transcode",
  reasons: [],
  video: { index: 0, treatment: "h264" },
  audio: [{ index: 1, treatment: "aac" }],
};
const TRACKS = [
  videoTrack("hevc", { codecString: "hev1.1.6.L93.B0" }),
  audioTrack("flac", { codecString: "fLaC" }),
  audioTrack("truehd", { index: 1 }),
  subtitleTrack(),
];

describe("The media type of one stream", () => {
  test.each<[string, Partial<PlaybackChoice>, string | undefined]>([
    ["all is converted", {}, 'video/mp4; codecs="avc1.640028,mp4a.40.2"'],
    [
      "the picture is copied",
      { mode: "remux", video: { index: 0, treatment: "copy" } },
      'video/mp4; codecs="hvc1.1.6.L93.B0,mp4a.40.2"',
    ],
    ["the sound is copied", { audio: [{ index: 0, treatment: "copy" }] }, 'video/mp4; codecs="avc1.640028,fLaC"'],
    ["there is no sound", { audio: [] }, 'video/mp4; codecs="avc1.640028"'],
    ["there is no picture", { video: undefined }, 'audio/mp4; codecs="mp4a.40.2"'],
    ["nothing tells how the sound is coded", { audio: [{ index: 1, treatment: "copy" }] }, undefined],
    ["there are segments", { mode: "hls" }, undefined],
    ["it is the file itself", { mode: "direct" }, undefined],
  ])("where %s", (_title, choice, expected) => {
    expect(streamType(mediaInfo("matroska", TRACKS), { ...CONVERTED, ...choice })).toBe(expected);
  });

  test.each(["flv", "asf", "ogg"] as const)(
    "is not told of %s, which is converted from its start only",
    (container) => {
      expect(streamType(mediaInfo(container, TRACKS), CONVERTED)).toBeUndefined();
    },
  );
});

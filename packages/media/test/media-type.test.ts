import { describe, expect, it } from "vitest";
import { type Container, mediaTypeOf, type Track } from "../src/index.ts";
import { audioTrack, numberTracks, videoTrack } from "../src/track-list.ts";

const AUDIO: readonly Track[] = numberTracks([audioTrack({ codec: "aac", codecTag: "mp4a" })]);
const VIDEO: readonly Track[] = numberTracks([
  audioTrack({ codec: "aac", codecTag: "mp4a" }),
  videoTrack({ codec: "h264", codecTag: "avc1" }),
]);

const TYPES: readonly (readonly [Container, string, string])[] = [
  ["mp4", "video/mp4", "audio/mp4"],
  ["webm", "video/webm", "audio/webm"],
  ["matroska", "video/x-matroska", "audio/x-matroska"],
  ["avi", "video/x-msvideo", "video/x-msvideo"],
  ["mpegts", "video/mp2t", "video/mp2t"],
  ["flv", "video/x-flv", "video/x-flv"],
  ["asf", "video/x-ms-asf", "audio/x-ms-wma"],
  ["ogg", "video/ogg", "audio/ogg"],
];

describe("mediaTypeOf", () => {
  it.each(TYPES)("calls %s with video %s, without any %s", (container, video, audio) => {
    expect(mediaTypeOf(container, VIDEO)).toBe(video);
    expect(mediaTypeOf(container, AUDIO)).toBe(audio);
  });

  it("means video where the tracks are not known", () => {
    expect(mediaTypeOf("mp4")).toBe("video/mp4");
    expect(mediaTypeOf("mp4", [])).toBe("video/mp4");
  });
});

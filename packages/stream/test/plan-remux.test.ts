import { describe, expect, test } from "vitest";
import { planRemux } from "../src/plan-remux.ts";
import { audioTrack, mediaInfo, subtitleTrack, videoTrack } from "./support/media-infos.ts";

describe("The container decides the demuxer", () => {
  test.each([
    ["matroska", "matroska"],
    ["webm", "matroska"],
    ["mp4", "mov"],
    ["mpegts", "mpegts"],
    ["avi", "avi"],
    ["flv", "flv"],
    ["asf", "asf"],
    ["ogg", "ogg"],
  ] as const)("%s: %s", (container, demuxer) => {
    expect(planRemux(mediaInfo(container, [videoTrack("h264")])).demuxer).toBe(demuxer);
  });
});

test("What MP4 holds is converted all the same where that is wanted", () => {
  const info = mediaInfo("matroska", [videoTrack("hevc"), audioTrack("flac")]);
  expect(planRemux(info, undefined, { video: true }).video).toMatchObject({ index: 0, codec: "h264" });
  expect(planRemux(info, undefined, { video: true }).audio).toEqual({ index: 0, codec: "copy" });
  expect(planRemux(info, 0, { audio: true })).toMatchObject({ video: { codec: "copy_hevc" }, audio: { codec: "aac" } });
});

describe("The picture", () => {
  test.each([
    ["h264", "copy"],
    ["av1", "copy"],
    ["vp9", "copy"],
    ["hevc", "copy_hevc"],
    ["vp8", "h264"],
    ["mpeg4", "h264"],
    ["msmpeg4", "h264"],
    ["mpeg1", "h264"],
    ["mpeg2", "h264"],
    ["vc1", "h264"],
    ["wmv", "h264"],
    ["theora", "h264"],
    ["flv1", "h264"],
    ["vp6", "h264"],
    ["mjpeg", "h264"],
  ] as const)("in %s becomes %s", (codec, expected) => {
    expect(planRemux(mediaInfo("matroska", [videoTrack(codec)])).video).toMatchObject({ index: 0, codec: expected });
  });

  test("that is converted comes with what decides how much work it is", () => {
    const size = { widthPixels: 1920, heightPixels: 800, framesPerSecond: 25 };
    const planOf = (codec: "hevc" | "mpeg4") =>
      planRemux(mediaInfo("matroska", [videoTrack(codec, size)]), undefined, { video: true }).video;
    expect(planOf("hevc")?.shape).toEqual({ ...size, isDearToDecode: true });
    expect(planOf("mpeg4")?.shape).toEqual({ ...size, isDearToDecode: false });
  });

  test.each([
    ["in AVI", mediaInfo("avi", [videoTrack("h264")])],
    ["wrapped for Windows", mediaInfo("matroska", [videoTrack("h264", { codecTag: "V_MS/VFW/FOURCC" })])],
  ])("in H.264 without presentation times is transcoded: %s", (_, info) => {
    expect(planRemux(info).video?.codec).toBe("h264");
  });

  test("is the first that is known, and cover art only if there is nothing else", () => {
    const tracks = [
      videoTrack("mjpeg", { index: 0 }),
      videoTrack("unknown", { index: 1 }),
      videoTrack("hevc", { index: 2 }),
      videoTrack("h264", { index: 3 }),
    ];
    expect(planRemux(mediaInfo("mp4", tracks)).video).toEqual({ index: 2, codec: "copy_hevc" });
    expect(planRemux(mediaInfo("mp4", tracks.slice(0, 2))).video).toMatchObject({ index: 0, codec: "h264" });
  });

  test("may be missing", () => {
    const plan = planRemux(mediaInfo("matroska", [audioTrack("opus"), subtitleTrack()]));
    expect(plan).toEqual({ demuxer: "matroska", video: undefined, audio: { index: 0, codec: "copy" } });
  });
});

describe("The sound", () => {
  test.each([
    ["aac", "copy"],
    ["opus", "copy"],
    ["flac", "copy"],
    ["mp3", "aac"],
    ["mp2", "aac"],
    ["ac3", "aac"],
    ["eac3", "aac"],
    ["dts", "aac"],
    ["truehd", "aac"],
    ["vorbis", "aac"],
    ["alac", "aac"],
    ["pcm", "aac"],
    ["wma", "aac"],
    ["speex", "aac"],
  ] as const)("in %s becomes %s", (codec, expected) => {
    expect(planRemux(mediaInfo("matroska", [audioTrack(codec)])).audio).toEqual({ index: 0, codec: expected });
  });

  test.each([
    ["AAC with ADTS headers loses them", "mpegts", audioTrack("aac", { codecTag: "0x0f" }), "copy_adts"],
    ["AAC that a muxer has no name for", "mpegts", audioTrack("aac", { codecString: "mp4a.40.2" }), "copy_adts"],
    ["AAC with LATM headers is transcoded", "mpegts", audioTrack("aac", { codecTag: "0x11" }), "aac"],
    ["Opus in a transport stream is transcoded", "mpegts", audioTrack("opus"), "aac"],
    ["AAC in AVI is transcoded", "avi", audioTrack("aac"), "aac"],
    ["AAC in Windows Media is transcoded", "asf", audioTrack("aac"), "aac"],
    ["AAC in FLV is copied", "flv", audioTrack("aac"), "copy"],
  ] as const)("%s", (_, container, track, expected) => {
    expect(planRemux(mediaInfo(container, [track])).audio?.codec).toBe(expected);
  });

  const tracks = [
    videoTrack("h264"),
    audioTrack("unknown", { index: 0, isDefault: true }),
    audioTrack("ac3", { index: 1 }),
    audioTrack("aac", { index: 2, isDefault: true }),
  ];

  test("is the default track that is known, else the first known", () => {
    expect(planRemux(mediaInfo("matroska", tracks)).audio).toEqual({ index: 2, codec: "copy" });
    expect(planRemux(mediaInfo("matroska", tracks.slice(0, 3))).audio).toEqual({ index: 1, codec: "aac" });
    expect(planRemux(mediaInfo("matroska", tracks.slice(0, 2))).audio).toBeUndefined();
  });

  test("is the track that was asked for", () => {
    expect(planRemux(mediaInfo("matroska", tracks), 1).audio).toEqual({ index: 1, codec: "aac" });
  });

  test("behind TrueHD in a transport stream is one further for ffmpeg, which splits that track in two", () => {
    const disc = [videoTrack("h264"), audioTrack("truehd", { index: 0 }), audioTrack("dts", { index: 1 })];
    expect(planRemux(mediaInfo("mpegts", disc), 1).audio).toEqual({ index: 2, codec: "aac" });
    expect(planRemux(mediaInfo("matroska", disc), 1).audio).toEqual({ index: 1, codec: "aac" });
  });
});

describe("What cannot be planned is unsupported", () => {
  test.each([
    ["nothing but subtitles", mediaInfo("matroska", [subtitleTrack()]), undefined],
    ["no track at all", mediaInfo("ogg", []), undefined],
    ["sound in a format nobody knows", mediaInfo("matroska", [audioTrack("unknown")]), undefined],
    [
      "a picture in a format nobody knows, even with sound",
      mediaInfo("mp4", [videoTrack("unknown"), audioTrack("aac")]),
      undefined,
    ],
    ["an audio track that is not there", mediaInfo("mp4", [videoTrack("h264"), audioTrack("aac")]), 1],
    ["an audio track that nobody knows", mediaInfo("mp4", [videoTrack("h264"), audioTrack("unknown")]), 0],
    ["a track beyond those ffmpeg may open", mediaInfo("matroska", [audioTrack("aac", { index: 64 })]), 64],
  ])("%s", (_, info, audioIndex) => {
    expect(() => planRemux(info, audioIndex)).toThrow(expect.objectContaining({ code: "unsupported_media" }));
  });

  test("and no plan names a track that ffmpeg may not open", () => {
    const disc = Array.from({ length: 64 }, (_, index) => audioTrack("truehd", { index }));
    expect(planRemux(mediaInfo("mpegts", disc), 63).audio?.index).toBe(63);
  });
});

import { describe, expect, test } from "vitest";
import { affirmedCodecs, playbackQuestions } from "../src/client-abilities.ts";
import { audioTrack, mediaInfo, subtitleTrack, videoTrack } from "./support/media-infos.ts";

describe("A client is asked", () => {
  test("for each track in the file and in fragments, and for what we convert to", () => {
    const film = mediaInfo("matroska", [
      videoTrack("hevc", { codecString: "hev1.1.6.L93.B0" }),
      audioTrack("ac3", { codecString: "ac-3" }),
      audioTrack("mp3", { codecString: "mp4a.6b" }),
      subtitleTrack(),
    ]);
    const fragments = [
      'video/mp4; codecs="hvc1.1.6.L93.B0"',
      'audio/mp4; codecs="ac-3"',
      'audio/mp4; codecs="mp4a.6B"',
      'video/mp4; codecs="avc1.640028"',
      'audio/mp4; codecs="mp4a.40.2"',
    ];
    expect(playbackQuestions(film)).toEqual({
      mse: fragments,
      file: [
        'video/x-matroska; codecs="hev1.1.6.L93.B0"',
        'video/x-matroska; codecs="ac-3"',
        'video/x-matroska; codecs="mp3"',
        ...fragments,
      ],
    });
  });

  test("nothing twice, and nothing of what has no name", () => {
    const film = mediaInfo("mp4", [
      audioTrack("aac", { codecString: "mp4a.40.2" }),
      audioTrack("aac", { codecString: "mp4a.40.2" }),
      audioTrack("pcm"),
    ]);
    const questions = ['audio/mp4; codecs="mp4a.40.2"', 'video/mp4; codecs="avc1.640028"'];
    expect(playbackQuestions(film)).toEqual({ mse: questions, file: questions });
  });

  test.each([
    ["h264", "avc1.640028"],
    ["hevc", "hvc1.1.6.L120.90"],
    ["av1", "av01.0.08M.08"],
    ["vp9", "vp09.00.40.08"],
  ] as const)("for a typical %s, where the headers do not tell more", (codec, expected) => {
    expect(playbackQuestions(mediaInfo("mpegts", [videoTrack(codec)])).mse[0]).toBe(`video/mp4; codecs="${expected}"`);
  });
});

test.each([
  ["webm", 'video/webm; codecs="vp9"'],
  ["matroska", 'video/x-matroska; codecs="vp09.00.40.08"'],
  ["mp4", 'video/mp4; codecs="vp09.00.40.08"'],
] as const)("VP9 without parameters is asked for in %s as %s", (container, expected) => {
  const { mse, file } = playbackQuestions(mediaInfo(container, [videoTrack("vp9", { codecString: "vp9" })]));
  expect(file[0]).toBe(expected);
  expect(mse[0]).toBe('video/mp4; codecs="vp09.00.40.08"');
});

describe("What a client affirms", () => {
  test.each<[string, string[], string[]]>([
    ["is read from one codec", ['video/mp4; codecs="avc1.640028"'], ["avc1.640028"]],
    ["is read from several", ['video/mp4; codecs="avc1.640028, mp4a.40.2"'], ["avc1.640028", "mp4a.40.2"]],
    [
      "is read from several types",
      ['video/mp4; codecs="a"', 'audio/mp4; codecs="b"', 'video/mp4;codecs="a"'],
      ["a", "b"],
    ],
    ["is read without quotes and case", ["VIDEO/MP4;CODECS=fLaC"], ["flac"]],
    ["is read after other parameters", ['video/mp4; width=1; codecs="a"; height=2'], ["a"]],
    ["is not read from other containers", ['video/webm; codecs="vp9"'], []],
    ["is not read without codecs", ["video/mp4", "", ";", "video/mp4; codecs"], []],
    ["is not read from endless lists", [...Array.from({ length: 512 }, () => "x"), 'video/mp4; codecs="a"'], []],
  ])("%s", (_, types, expected) => {
    expect([...affirmedCodecs(types, ["video/mp4", "audio/mp4"])]).toEqual(expected);
  });
});

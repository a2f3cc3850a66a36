import { describe, expect, test } from "vitest";
import { masterPlaylist } from "../../../stream/src/hls/master-playlist.ts";
import { mediaPlaylist } from "../../../stream/src/hls/media-playlist.ts";
import { parseMaster, parseMedia } from "../../src/playback/playlist.ts";

const MASTER_URL = "http://127.0.0.1:8888/stream/ab/0/hls/master.m3u8?aac=1";
const FOLDER = "http://127.0.0.1:8888/stream/ab/0/hls";
const RATES = { peakBitsPerSecond: 1, averageBitsPerSecond: 1 };
const VIDEO = { ...RATES, codecString: "avc1.42c01f", widthPixels: 640, heightPixels: 360, framesPerSecond: 24 };
const SOUND = {
  ...RATES,
  codecString: "mp4a.40.2",
  channels: 2,
  language: undefined,
  title: undefined,
  isDefault: false,
};

describe("A master playlist of ours", () => {
  const common = { hasIndependentSegments: false, suffix: "?aac=1" };

  test("names what is played, by whole addresses", () => {
    const text = masterPlaylist({
      ...common,
      video: VIDEO,
      audio: [
        { ...SOUND, index: 0, title: 'Comments, by "them"' },
        { ...SOUND, index: 1, isDefault: true, language: "fre", codecString: "opus" },
      ],
      subtitles: [{ index: 3, language: "eng", title: undefined, isForced: false, isForHearingImpaired: false }],
    });
    const { codecs, mainUrl, sounds } = parseMaster(text, MASTER_URL)!;
    expect(codecs).toEqual(["avc1.42c01f", "mp4a.40.2", "Opus"]);
    expect(mainUrl).toBe(`${FOLDER}/video/playlist.m3u8?aac=1`);
    expect(sounds.map(({ url, isDefault }) => [url, isDefault])).toEqual([
      [`${FOLDER}/audio/0/playlist.m3u8?aac=1`, false],
      [`${FOLDER}/audio/1/playlist.m3u8?aac=1`, true],
    ]);
  });

  test("of a film of sound only names that sound", () => {
    const text = masterPlaylist({ ...common, video: undefined, audio: [{ ...SOUND, index: 0 }], subtitles: [] });
    expect(parseMaster(text, MASTER_URL)).toMatchObject({
      mainUrl: `${FOLDER}/audio/0/playlist.m3u8?aac=1`,
      sounds: [{ url: undefined, isDefault: true }],
    });
  });

  test("may tell of no codecs", () => {
    const video = { ...VIDEO, codecString: undefined };
    const text = masterPlaylist({ ...common, video, audio: [], subtitles: [] });
    expect(parseMaster(text, MASTER_URL)?.codecs).toEqual([]);
  });

  test.each(["", "#EXTM3U\n", "<html>"])("is none: %j", (text) => {
    expect(parseMaster(text, MASTER_URL)).toBeUndefined();
  });
});

test("A playlist of segments tells their times", () => {
  const url = `${FOLDER}/video/playlist.m3u8?aac=1`;
  const text = mediaPlaylist({
    segments: [
      { startSeconds: 0, endSeconds: 4.1 },
      { startSeconds: 4.1, endSeconds: 8.000001 },
    ],
    initUri: "init.mp4?aac=1",
    uriOf: (number) => `seg-${number}.m4s?aac=1`,
    type: "VOD",
    isComplete: true,
  });
  const { initUrl, segments } = parseMedia(text, url);
  expect(initUrl).toBe(`${FOLDER}/video/init.mp4?aac=1`);
  expect(segments.map((segment) => segment.url)).toEqual([
    `${FOLDER}/video/seg-0.m4s?aac=1`,
    `${FOLDER}/video/seg-1.m4s?aac=1`,
  ]);
  expect(segments.map(({ endSeconds }) => endSeconds)).toEqual([4.1, 8.000001]);
  expect(parseMedia("#EXTM3U\n#EXTINF:2,\nseg-0.vtt\n", url)).toMatchObject({
    initUrl: undefined,
    segments: [{ endSeconds: 2 }],
  });
});

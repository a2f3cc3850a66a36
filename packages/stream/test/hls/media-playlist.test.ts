import * as fc from "fast-check";
import { M3U8Parser, PlaylistLevelType } from "hls.js";
import { describe, expect, test } from "vitest";
import { mediaPlaylist, type PlaylistSegment, targetDurationSeconds } from "../../src/hls/media-playlist.ts";
import { renditionUris } from "../../src/hls/resources.ts";
import { linesOf } from "../support/hls-grammar.ts";

/** Segments that touch, from their borders. */
const between = (...borders: number[]): PlaylistSegment[] =>
  borders.slice(1).map((endSeconds, position) => ({ startSeconds: borders[position]!, endSeconds }));
const video = renditionUris({ kind: "video" });
const vod = { ...video, type: "VOD", isComplete: true } as const;
const durationsOf = (playlist: string): number[] =>
  [...playlist.matchAll(/^#EXTINF:([\d.]+),$/gm)].map(([, seconds]) => Number(seconds));

describe("A media playlist", () => {
  test("of a film is complete at once", () => {
    const uris = renditionUris({ kind: "video" }, "?token=t");
    expect(mediaPlaylist({ ...uris, segments: between(0, 4.004, 8.008, 9.5), type: "VOD", isComplete: true })).toBe(
      [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-TARGETDURATION:5",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        '#EXT-X-MAP:URI="init.mp4?token=t"',
        "#EXTINF:4.004000,",
        "seg-0.m4s?token=t",
        "#EXTINF:4.004000,",
        "seg-1.m4s?token=t",
        "#EXTINF:1.492000,",
        "seg-2.m4s?token=t",
        "#EXT-X-ENDLIST",
        "",
      ].join("\n"),
    );
  });

  test("of subtitles has no initialization section", () => {
    const playlist = mediaPlaylist({
      ...vod,
      ...renditionUris({ kind: "subtitles", index: 1 }),
      segments: between(0, 4),
    });
    expect(linesOf(playlist).slice(4)).toEqual([
      "#EXT-X-PLAYLIST-TYPE:VOD",
      "#EXTINF:4.000000,",
      "seg-0.vtt",
      "#EXT-X-ENDLIST",
    ]);
  });

  test("that grows has no end, and keeps its target duration", () => {
    const growing = { ...video, type: "EVENT", isComplete: false, targetSeconds: 10 } as const;
    const [first, second] = [between(), between(0, 4, 8)].map((segments) => mediaPlaylist({ ...growing, segments }));
    expect(linesOf(first!).slice(2)).toEqual([
      "#EXT-X-TARGETDURATION:10",
      "#EXT-X-MEDIA-SEQUENCE:0",
      "#EXT-X-PLAYLIST-TYPE:EVENT",
      "#EXT-X-START:TIME-OFFSET=0",
      '#EXT-X-MAP:URI="init.mp4"',
    ]);
    expect(second).toBe(`${first}#EXTINF:4.000000,\nseg-0.m4s\n#EXTINF:4.000000,\nseg-1.m4s\n`);
    expect(mediaPlaylist({ ...growing, segments: between(0, 4, 8), isComplete: true })).toBe(
      `${second}#EXT-X-ENDLIST\n`,
    );
  });

  test.each([
    [[0, 6], 6],
    [[0, 6.000_000_4], 6],
    [[0, 6.000_001], 7],
    [[0, 4, 5, 12.2], 8],
    [[0, 0.2], 1],
    [[0], 1],
    [[5, 4], 1],
  ])("with borders at %j has the target duration %d", (borders, expected) => {
    expect(targetDurationSeconds(between(...borders))).toBe(expected);
  });

  test("says no time before zero, though segments overlap", () => {
    expect(durationsOf(mediaPlaylist({ ...vod, segments: between(5, 4) }))).toEqual([0]);
  });
});

const borders = fc
  .array(fc.double({ min: 0, max: 40_000, noNaN: true }), { minLength: 1, maxLength: 300 })
  .map((times) => between(0, ...times.sort((a, b) => a - b)));

test("The printed durations never drift from the times in the film", () => {
  fc.assert(
    fc.property(borders, (segments) => {
      const playlist = mediaPlaylist({ ...vod, segments });
      const target = targetDurationSeconds(segments);
      let microseconds = 0;
      for (const [position, seconds] of durationsOf(playlist).entries()) {
        microseconds += Math.round(seconds * 1e6);
        expect(Math.abs(microseconds / 1e6 - segments[position]!.endSeconds)).toBeLessThanOrEqual(0.000_000_51);
        expect(seconds).toBeLessThanOrEqual(target);
      }
      expect(linesOf(playlist).at(-1)).toBe("#EXT-X-ENDLIST");
    }),
  );
});

const read = (playlist: string): ReturnType<typeof M3U8Parser.parseLevelPlaylist> =>
  M3U8Parser.parseLevelPlaylist(playlist, "http://host/video/playlist.m3u8", 0, PlaylistLevelType.MAIN, 0, null);

describe("hls.js reads", () => {
  test("a film of a thousand segments, each where it starts", () => {
    const segments = between(...Array.from({ length: 1001 }, (_, number) => (number * 1001) / 240));
    const details = read(mediaPlaylist({ ...vod, ...renditionUris({ kind: "video" }, "?token=t"), segments }));
    expect(details).toMatchObject({
      playlistParsingError: null,
      live: false,
      type: "VOD",
      targetduration: 5,
      version: 7,
    });
    expect(details.fragments).toHaveLength(1000);
    expect(details.totalduration).toBeCloseTo((1000 * 1001) / 240, 5);
    for (const [number, fragment] of details.fragments.entries()) {
      expect(fragment.start).toBeCloseTo(segments[number]!.startSeconds, 5);
      expect(fragment.sn).toBe(number);
      expect(fragment.url).toBe(`http://host/video/seg-${number}.m4s?token=t`);
      expect(fragment.initSegment?.url).toBe("http://host/video/init.mp4?token=t");
    }
  });

  test("one that grows as a live one", () => {
    const details = read(mediaPlaylist({ ...video, segments: between(0, 4), type: "EVENT", isComplete: false }));
    expect(details).toMatchObject({ playlistParsingError: null, live: true, type: "EVENT" });
  });
});

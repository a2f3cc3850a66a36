import { describe, expect, test } from "vitest";
import { hlsResourceAt, playlistUri, type Rendition, renditionUris } from "../../src/hls/resources.ts";

const renditions: Rendition[] = [{ kind: "video" }, { kind: "audio", index: 2 }, { kind: "subtitles", index: 0 }];

describe("A path names", () => {
  test.each<[string, object]>([
    ["master.m3u8", { kind: "master" }],
    ["video/playlist.m3u8", { kind: "playlist", rendition: { kind: "video" } }],
    ["video/init.mp4", { kind: "initialization", rendition: { kind: "video" } }],
    ["video/seg-0.m4s", { kind: "segment", rendition: { kind: "video" }, number: 0 }],
    ["audio/0/playlist.m3u8", { kind: "playlist", rendition: { kind: "audio", index: 0 } }],
    ["audio/12/init.mp4", { kind: "initialization", rendition: { kind: "audio", index: 12 } }],
    ["audio/1/seg-1234567.m4s", { kind: "segment", rendition: { kind: "audio", index: 1 }, number: 1_234_567 }],
    ["subtitles/3/playlist.m3u8", { kind: "playlist", rendition: { kind: "subtitles", index: 3 } }],
    ["subtitles/3/seg-7.vtt", { kind: "segment", rendition: { kind: "subtitles", index: 3 }, number: 7 }],
  ])("%s", (path, expected) => {
    expect(hlsResourceAt(path)).toEqual(expected);
  });

  test.each([
    "",
    "/master.m3u8",
    "master.m3u8/",
    "video",
    "video/",
    "video/master.m3u8",
    "video/0/init.mp4",
    "video/seg-.m4s",
    "video/seg-01.m4s",
    "video/seg--1.m4s",
    "video/seg-1.5.m4s",
    "video/seg-12345678.m4s",
    "video/seg-1.vtt",
    "video/seg-1.m4s?token=1",
    "video/../seg-1.m4s",
    "audio/init.mp4",
    "audio/01/init.mp4",
    "audio/1000/init.mp4",
    "audio/-1/init.mp4",
    "subtitles/0/init.mp4",
    "subtitles/0/seg-1.m4s",
    "text/0/seg-1.vtt",
  ])("nothing: %j", (path) => {
    expect(hlsResourceAt(path)).toBeUndefined();
  });
});

describe("What playlists refer to is found again", () => {
  test.each(renditions)("for $kind", (rendition) => {
    const playlist = playlistUri(rendition);
    const folder = playlist.slice(0, playlist.lastIndexOf("/"));
    const { initUri, uriOf } = renditionUris(rendition);
    expect(hlsResourceAt(playlist)).toEqual({ kind: "playlist", rendition });
    expect(hlsResourceAt(`${folder}/${uriOf(19_999)}`)).toEqual({ kind: "segment", rendition, number: 19_999 });
    expect(initUri === undefined ? undefined : hlsResourceAt(`${folder}/${initUri}`)).toEqual(
      rendition.kind === "subtitles" ? undefined : { kind: "initialization", rendition },
    );
  });
});

describe("The query of the request", () => {
  test("is passed on to all that is asked for next", () => {
    const { initUri, uriOf } = renditionUris({ kind: "video" }, "?token=a-b_c%2F&audio=1");
    expect(playlistUri({ kind: "audio", index: 1 }, "?token=x")).toBe("audio/1/playlist.m3u8?token=x");
    expect(initUri).toBe("init.mp4?token=a-b_c%2F&audio=1");
    expect(uriOf(3)).toBe("seg-3.m4s?token=a-b_c%2F&audio=1");
  });

  test.each([
    ["a quote", '?a="'],
    ["a line end", "?a\n#EXT-X-ENDLIST"],
    ["a fragment", "?a#b"],
    ["a variable", "?a={$b}"],
    ["a path", "/../../etc"],
    ["too much", `?${"a".repeat(384)}`],
  ])("is left out, if it holds %s", (_, suffix) => {
    expect(playlistUri({ kind: "video" }, suffix)).toBe("video/playlist.m3u8");
  });
});

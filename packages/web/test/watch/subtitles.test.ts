import type { MediaInfo } from "@riptide/http";
import { expect, test } from "vitest";
import { linesAt, stretchAt } from "../../src/watch/subtitles/lines.ts";
import { forcedSource, sourcesOf } from "../../src/watch/subtitles/sources.ts";

const TRACK = {
  kind: "subtitle",
  codecTag: "",
  isDefault: false,
  isForced: false,
  isForHearingImpaired: false,
} as const;
const SIDECAR = { isForced: false, isHearingImpaired: false } as const;
const INFO: MediaInfo = {
  container: "matroska",
  tracks: [
    { ...TRACK, index: 0, codec: "srt", language: "eng", title: "Full" },
    { ...TRACK, index: 1, codec: "ass", language: "fre", isForced: true },
    { ...TRACK, index: 2, codec: "pgs" },
    { ...TRACK, index: 3, codec: "vobsub" },
  ],
  questions: { mse: [], file: [] },
  sidecars: [
    { ...SIDECAR, index: 4, path: "Subs/film.de.srt", kind: "srt", language: "ger" },
    { ...SIDECAR, index: 5, path: "film.ass", kind: "ass" },
    { ...SIDECAR, index: 6, path: "film.sup", kind: "sup" },
    { ...SIDECAR, index: 7, path: "film.idx", kind: "vobsub" },
  ],
};
const film = { infoHash: "ab", index: 3 };
const sources = sourcesOf(INFO, film, "en", (path) => `${path}?token=x`);

test("Of the subtitles in a film and beside it, those are offered that can be shown, each in its best form", () => {
  expect(sources.map(({ label, drawn, text }) => [label, text !== undefined, drawn?.kind])).toEqual([
    ["English · Full", true, undefined],
    ["French", true, "ass"],
    ["", false, "pgs"],
    ["German · film.de.srt", true, undefined],
    ["film.ass", true, "ass"],
    ["film.sup", false, "pgs"],
  ]);
  expect(new Set(sources.map(({ id }) => id)).size).toBe(sources.length);
});

test("Tracks come as the film comes, files beside it at once", () => {
  expect(sources[0]?.text).toEqual({ url: "/stream/ab/3/subtitles/0.vtt?token=x", isPartial: true });
  expect(sources[1]?.drawn?.from).toEqual({ url: "/stream/ab/3/subtitles/1.ass?token=x", isPartial: true });
  expect(sources[2]?.drawn?.from).toEqual({ url: "/stream/ab/3/subtitles/2.sup?token=x", isPartial: true });
  expect(sources[3]?.text).toEqual({ url: "/stream/ab/3/subtitles/file-4.vtt?token=x", isPartial: false });
  expect(sources[5]?.drawn?.from).toEqual({ url: "/stream/ab/6/direct?token=x", isPartial: false });
});

test("An identifier is no longer than the server keeps", () => {
  const path = `${"x".repeat(400)}.srt`;
  const [long] = sourcesOf(
    { ...INFO, tracks: [], sidecars: [{ ...SIDECAR, index: 1, path, kind: "srt" }] },
    film,
    "en",
    String,
  );
  expect(long?.id).toHaveLength(200);
});

test("What is forced is shown to those who hear its language", () => {
  expect(forcedSource(sources, "fre")?.id).toBe("track-1");
  expect(forcedSource(sources, "eng")).toBeUndefined();
});

test("A line is shown from its start to its end", () => {
  const line = { startSeconds: 1, endSeconds: 2, isTop: false, runs: [] };
  expect([0.9, 1, 1.9, 2].map((seconds) => linesAt([line], seconds).length)).toEqual([0, 1, 1, 0]);
});

test("Stretches overlap, and every time is in the middle of one or near its edge with room to spare", () => {
  expect(stretchAt(-3)).toEqual({ fromSeconds: 0, toSeconds: 150 });
  expect(stretchAt(119.9)).toEqual({ fromSeconds: 0, toSeconds: 150 });
  expect(stretchAt(120)).toEqual({ fromSeconds: 90, toSeconds: 270 });
});

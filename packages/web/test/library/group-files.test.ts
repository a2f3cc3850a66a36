import type { TorrentFile } from "@riptide/http";
import { expect, test } from "vitest";
import { fileAfter, groupFiles } from "../../src/library/group-files.ts";

test("episodes are sorted by number into their seasons, whatever the order in the torrent", () => {
  const paths = [
    "Show/Season 2/Show.S02E01.mkv",
    "Show/Season 1/Show.S01E10.mkv",
    "Show/Season 1/Show.S01E2.mkv",
    "Show/Season 1/Show.s01e01.mkv",
    "Show/Season 10/Show.S10E01.mkv",
  ];
  expect(told(paths)).toEqual([
    ["season 1", ["Show.s01e01.mkv", "Show.S01E2.mkv", "Show.S01E10.mkv"]],
    ["season 2", ["Show.S02E01.mkv"]],
    ["season 10", ["Show.S10E01.mkv"]],
  ]);
});

test("episodes that only have a number are those of the season that their folder names", () => {
  expect(told(["Show/Season 3/02 - Second.mkv", "Show/Season 3/1. First.mkv"])).toEqual([
    ["season 3", ["1. First.mkv", "02 - Second.mkv"]],
  ]);
});

test("films, extras, sound and others come in this order", () => {
  const paths = [
    "readme.nfo",
    "Sample/film-sample.mkv",
    "Extras/Making of.mkv",
    "Film.2019.1080p-trailer.mkv",
    "sound.flac",
    "Part 10.mkv",
    "Part 2.mkv",
    "The Interview.mkv",
  ];
  expect(told(paths)).toEqual([
    ["films", ["Part 2.mkv", "Part 10.mkv", "The Interview.mkv"]],
    ["extras", ["Making of.mkv", "Film.2019.1080p-trailer.mkv", "film-sample.mkv"]],
    ["sound", ["sound.flac"]],
    ["others", ["readme.nfo"]],
  ]);
});

test("a torrent without files has no groups", () => {
  expect(groupFiles([])).toEqual([]);
});

test("a hundred thousand files are all there, as the torrent lists them", () => {
  const paths = Array.from({ length: 100_000 }, (_, at) => `folder/${99_999 - at}.mkv`);
  const [films, ...others] = groupFiles(files(paths));
  expect(others).toEqual([]);
  expect(films?.files.map(({ index }) => index)).toEqual(paths.map((_, at) => at));
});

test("after an episode comes the next one, also of the next season, and nothing after the last", () => {
  const paths = ["S2/Show.S02E01.mkv", "Show.S01E02.mkv", "Show.S01E01.mkv", "Extras/Show.S01E00.mkv", "a.nfo"];
  const groups = groupFiles(files(paths));
  const after = (index: number) => fileAfter(groups, index)?.index;
  expect([2, 1, 0, 3, 4, 99].map(after)).toEqual([1, 0, undefined, undefined, undefined, undefined]);
});

/** Kind and season of each group, and the names in it. */
function told(paths: readonly string[]): [string, string[]][] {
  return groupFiles(files(paths)).map(({ kind, season, files: grouped }) => [
    season === undefined ? kind : `${kind} ${season}`,
    grouped.map(({ baseName }) => baseName),
  ]);
}

function files(paths: readonly string[]): TorrentFile[] {
  return paths.map((path, index) => ({ index, path, length: 1, verifiedBytes: 0, mediaType: mediaTypeOf(path) }));
}

function mediaTypeOf(path: string): string {
  if (path.endsWith(".flac")) return "audio/flac";
  return path.endsWith(".mkv") ? "video/x-matroska" : "application/octet-stream";
}

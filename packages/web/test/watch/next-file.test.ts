import { expect, test } from "vitest";
import { displayName, isNearEnd, nextFile } from "../../src/watch/next-file.ts";

const files = (...paths: string[]) =>
  paths.map((path, index) => ({
    index,
    path,
    length: 1,
    verifiedBytes: 0,
    mediaType: path.endsWith(".nfo") ? "text/plain" : "video/x-matroska",
  }));

test("Behind an episode comes the next one, whatever their order in the torrent", () => {
  const series = files("S/A.Show.S01E10.mkv", "S/A.Show.S01E02.The.Boat.1080p.mkv", "S/A.Show.S01E01.mkv", "S/a.nfo");
  expect(nextFile(series, 2)).toEqual({ index: 1, name: "A Show · S01E02 · The Boat" });
  expect(nextFile(series, 1)?.index).toBe(0);
  expect(nextFile(series, 0)).toBeUndefined();
  expect(nextFile(series, 3)).toBeUndefined();
});

test("A film alone has none", () => {
  expect(nextFile(files("Film.2019.mkv", "Sample/film-sample.mkv"), 0)).toBeUndefined();
});

test("An episode is called by its series and its number", () => {
  expect(displayName({ title: "A Show", season: 1, episode: 2 })).toBe("A Show · S01E02");
  expect(displayName({ title: "A Show", episode: 12, subtitle: "End" })).toBe("A Show · E12 · End");
  expect(displayName({ title: "A Film" })).toBe("A Film");
});

test("The end is near in the last minute, or in the last twentieth of what is long", () => {
  expect([39, 40, 41].map((seconds) => isNearEnd(seconds, 100))).toEqual([false, true, true]);
  expect([6_800, 6_840].map((seconds) => isNearEnd(seconds, 7_200))).toEqual([false, true]);
  expect(isNearEnd(10, undefined)).toBe(false);
});

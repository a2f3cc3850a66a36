import type { Viewing } from "@riptide/http";
import { expect, test } from "vitest";
import { continuedOf } from "../../src/library/continued.ts";
import { fakeTorrent, fakeViewing } from "../support/fake-torrent.ts";

const SERIES = "a".repeat(40);
const FILM = "b".repeat(40);
const TORRENTS = [
  fakeTorrent({ infoHash: SERIES, paths: ["S01E01.mkv", "S01E02.mkv", "S01E03.mkv"] }),
  fakeTorrent({ infoHash: FILM, paths: ["Film.2019.1080p.mkv"] }),
];

test.each<[string, Partial<Viewing>[], string[]]>([
  ["what was left in the middle, the last first", [{ infoHash: FILM }, { index: 1 }], ["0 at 60", "1 at 60"]],
  ["nothing after a film that is over", [{ infoHash: FILM, isFinished: true }], []],
  ["the next episode after one that is over", [{ index: 0, isFinished: true }], ["1"]],
  ["nothing after the last episode", [{ index: 2, isFinished: true }], []],
  ["no next episode that was begun", [{ index: 0, isFinished: true }, { index: 1 }], ["1 at 60"]],
  [
    "one next episode only",
    [
      { index: 1, isFinished: true },
      { index: 0, isFinished: true },
    ],
    ["2"],
  ],
  ["nothing of torrents that are gone", [{ infoHash: "c".repeat(40) }], []],
  ["nothing of files that are gone", [{ index: 99 }], []],
])("there is %s", (_what, viewings, continued) => {
  expect(
    continuedOf(viewings.map(fakeViewing), TORRENTS).map(({ file, viewing }) =>
      viewing === undefined ? `${file.index}` : `${file.index} at ${viewing.positionSeconds}`,
    ),
  ).toEqual(continued);
});

test("there are no more than anybody would look through", () => {
  const paths = Array.from({ length: 50 }, (_, at) => `Film ${at}.mkv`);
  const viewings = paths.map((_, index) => fakeViewing({ index }));
  expect(continuedOf(viewings, [fakeTorrent({ paths })])).toHaveLength(12);
});

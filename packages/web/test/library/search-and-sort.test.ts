import type { Torrent } from "@riptide/http";
import { expect, test } from "vitest";
import { findTorrents, type SortOrder, sortTorrents, wordsOf } from "../../src/library/search-and-sort.ts";
import { fakeTorrent } from "../support/fake-torrent.ts";

const TORRENTS = [
  fakeTorrent({ name: "Zulu.1964.1080p", sizeBytes: 3, progress: 0.5 }),
  fakeTorrent({ name: "älpen", sizeBytes: 1, progress: 1 }),
  fakeTorrent({ name: "Series 10", sizeBytes: 2, progress: 0, paths: ["Series/The Pilot.mkv"] }),
  fakeTorrent({ name: "Series 9", sizeBytes: 4, progress: 0.1, addedAt: "2025-12-31T00:00:00.000Z" }),
];

test.each<[SortOrder, string[]]>([
  ["newest", ["Series 10", "älpen", "Zulu.1964.1080p", "Series 9"]],
  ["name", ["älpen", "Series 9", "Series 10", "Zulu.1964.1080p"]],
  ["size", ["Series 9", "Zulu.1964.1080p", "Series 10", "älpen"]],
  ["progress", ["älpen", "Zulu.1964.1080p", "Series 9", "Series 10"]],
])("torrents are sorted by %s", (order, names) => {
  expect(namesOf(sortTorrents(TORRENTS, order))).toEqual(names);
});

test.each([
  ["", ["Zulu.1964.1080p", "älpen", "Series 10", "Series 9"]],
  ["  SERIES ", ["Series 10", "Series 9"]],
  ["1080p zulu", ["Zulu.1964.1080p"]],
  ["pilot", ["Series 10"]],
  ["nowhere", []],
])("%j finds what has all its words", (query, names) => {
  expect(namesOf(findTorrents(TORRENTS, wordsOf(query)))).toEqual(names);
});

function namesOf(torrents: readonly Torrent[]): string[] {
  return torrents.map(({ name }) => name);
}

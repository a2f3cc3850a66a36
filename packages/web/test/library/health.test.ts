import type { Torrent, Viewing } from "@riptide/http";
import { expect, test } from "vitest";
import { type Health, healthOf } from "../../src/library/health.ts";
import { fakeTorrent, fakeViewing } from "../support/fake-torrent.ts";

const LENGTH = 1_000_000;
const FILES = [0, 1].map((index) => ({
  index,
  path: `${index}.mkv`,
  length: LENGTH,
  verifiedBytes: index * LENGTH,
  mediaType: "video/x-matroska",
}));
const READ = { files: FILES, activeDemands: 1, downloadBytesPerSecond: 3_000 };

test.each<[string, Partial<Torrent>, Partial<Viewing>[], Health | undefined]>([
  ["nobody waits for bytes", { ...READ, activeDemands: 0 }, [{ durationSeconds: 100 }], undefined],
  ["nothing was ever watched", READ, [], undefined],
  ["how long the film is was never told", READ, [{}], undefined],
  ["the film lasts no time", READ, [{ durationSeconds: 0 }], undefined],
  ["another torrent was watched", READ, [{ durationSeconds: 100, infoHash: "b".repeat(40) }], undefined],
  ["the file is gone", READ, [{ durationSeconds: 100, index: 7 }], undefined],
  ["the film is all there", READ, [{ durationSeconds: 100, index: 1 }], undefined],
  ["it comes too slowly", READ, [{ durationSeconds: 100 }], told(false, 10_000)],
  ["it comes fast enough", READ, [{ durationSeconds: 1_000 }], told(true, 1_000)],
  ["it comes as it is taken", READ, [{ durationSeconds: 300 }], told(true, LENGTH / 300)],
  ["it was watched last", READ, [{ durationSeconds: 100 }, { durationSeconds: 1_000 }], told(false, 10_000)],
])("the health is told of a film where %s", (_case, torrent, viewings, health) => {
  expect(healthOf(fakeTorrent(torrent), viewings.map(fakeViewing))).toEqual(health);
});

function told(isEnough: boolean, neededBytesPerSecond: number): Health {
  return { isEnough, givenBytesPerSecond: READ.downloadBytesPerSecond, neededBytesPerSecond };
}

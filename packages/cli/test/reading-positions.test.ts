import { expect, test } from "vitest";
import { readFilesOf } from "../src/reading-positions.ts";
import { createWorld, FILM, never, SERIES } from "./support/world.ts";

const want = { urgency: "soon" } as const;

test("tells each file that is read, and where its readers are", async () => {
  const { engine, clock } = createWorld();
  await engine.add(SERIES, { signal: never });
  await clock.advance(3_000);
  const first = await engine.openFile(SERIES, 0, { signal: never });
  const second = await engine.openFile(SERIES, 1, { signal: never });
  first.provider.want({ ...want, range: { start: 0, end: 10 } });
  for (const start of [1_999_999, 1_000_000, 500_000, 0]) {
    second.provider.want({ ...want, range: { start, end: start + 1 } });
  }
  expect(readFilesOf(engine, engine.get(SERIES)!)).toEqual([
    { path: "A series/First.mp4", positions: [0] },
    { path: "A series/Second.mp4", positions: [0, 0.25, 0.5] },
  ]);
});

test("asks nothing about torrents that nobody reads", async () => {
  const world = createWorld();
  await world.engine.add(FILM, { signal: never });
  await world.engine.add(SERIES, { signal: never });
  const engine = {
    map: () => {
      throw new Error("A map was asked for");
    },
  };
  for (const torrent of world.engine.list()) expect(readFilesOf(engine, torrent)).toEqual([]);
});

test("looks at no more than fifty files of a torrent", async () => {
  const { engine } = createWorld();
  const film = await engine.add(FILM, { signal: never });
  const files = Array.from({ length: 10_000 }, (_, index) => ({ ...film.files[0]!, index }));
  const asked: number[] = [];
  const map = (_infoHash: string, index: number) => {
    asked.push(index);
    return { available: [], wanted: [{ start: 0, end: 1 }], reading: [] };
  };
  expect(readFilesOf({ map }, { ...film, files, activeDemands: 1 })).toHaveLength(50);
  expect(asked).toHaveLength(50);
});

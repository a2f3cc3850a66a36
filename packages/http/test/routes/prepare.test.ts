import { MediaError } from "@riptide/core";
import { describe, expect, test } from "vitest";
import { createWorld, DELETE, FILM, LATE, MAGNET_ONLY, post, problemCode, type World } from "../support/world.ts";

const pathOf = (index: number, infoHash = FILM): string => `/api/torrents/${infoHash}/files/${index}/prepare`;
const wish = (body: unknown) => post("application/json", JSON.stringify(body));
/** Lets a preparation begin, or end. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const SERIES = "e".repeat(40);
const EPISODES = Array.from({ length: 12 }, (_, index) => ({ path: `${index}.mkv`, bytes: new Uint8Array(10) }));

async function prepare({ send }: World, index: number, body: unknown = {}, infoHash = FILM): Promise<void> {
  expect((await send(pathOf(index, infoHash), wish(body))).status).toBe(202);
  await turn();
}

const running = ({ streams }: World): number =>
  streams.prepared.filter(({ context }) => !context.signal.aborted).length;

describe("preparing a file", () => {
  test.each([
    ["its head and index", {}, undefined],
    ["ten seconds from a time on", { fromSeconds: 90.5 }, { fromSeconds: 90.5, seconds: 10 }],
    ["as much as it is told", { fromSeconds: 0, seconds: 600 }, { fromSeconds: 0, seconds: 600 }],
    ["no part without a place to begin", { seconds: 20 }, undefined],
  ])("fetches %s, and answers at once", async (_title, body, part) => {
    const world = await createWorld();
    await prepare(world, 0, body);
    expect(world.streams.prepared).toMatchObject([{ part, context: { file: { infoHash: FILM, index: 0 } } }]);
    expect(world.streams.prepared[0]?.isHastened).toBe(false);
    world.streams.endPreparation();
    await turn();
    expect(world.clock.pendingTimers).toBe(0);
  });

  test("takes the latest wish for a file", async () => {
    const world = await createWorld();
    await prepare(world, 0, { fromSeconds: 1 });
    await prepare(world, 0, { fromSeconds: 2 });
    await prepare(world, 1, { fromSeconds: 3 });
    const aborted = world.streams.prepared.map(({ context }) => context.signal.aborted);
    expect(aborted).toEqual([true, false, false]);
    await world.clock.advance(9 * 60_000);
    expect(running(world)).toBe(2);
    await world.clock.advance(60_000);
    expect([running(world), world.clock.pendingTimers]).toEqual([0, 0]);
    expect(world.failures).toEqual([]);
  });

  test("is done for eight files at once: the oldest makes way", async () => {
    const world = await createWorld({ seeds: [{ infoHash: SERIES, name: "Series", files: EPISODES }] });
    await world.add(SERIES);
    for (const index of EPISODES.keys()) await prepare(world, index, {}, SERIES);
    const kept = world.streams.prepared.filter(({ context }) => !context.signal.aborted);
    expect(kept.map(({ context }) => context.file.index)).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
    world.draining.abort();
    await turn();
    expect([running(world), world.clock.pendingTimers]).toEqual([0, 0]);
    await prepare(world, 0, {}, SERIES);
    expect(running(world)).toBe(0);
  });

  test("is hastened when somebody opens that file", async () => {
    const world = await createWorld();
    await prepare(world, 0);
    await prepare(world, 1);
    await world.send(`/api/torrents/${FILM}/files/0`);
    expect(world.streams.prepared.map(({ isHastened }) => isHastened)).toEqual([true, false]);
  });

  test("ends with what cannot be played, of which only the unforeseen is logged", async () => {
    const world = await createWorld();
    for (const failure of [new MediaError("not_media", "This is no film."), new Error("a bug")]) {
      await prepare(world, 1);
      world.streams.failure = failure;
      world.streams.endPreparation();
      await turn();
      world.streams.failure = undefined;
    }
    expect(world.failures).toMatchObject([{ message: "A film could not be prepared", error: { message: "a bug" } }]);
    expect(world.clock.pendingTimers).toBe(0);
  });

  test.each([
    ["nonsense", pathOf(0), { fromSeconds: -1 }, "bad_request"],
    ["no time at all", pathOf(0), { fromSeconds: 1, seconds: 0 }, "bad_request"],
    ["too much", pathOf(0), { fromSeconds: 1, seconds: 601 }, "bad_request"],
    ["unknown words", pathOf(0), { urgency: "now" }, "bad_request"],
    ["no file", pathOf(9), {}, "file_not_found"],
    ["no torrent", pathOf(0, MAGNET_ONLY), {}, "torrent_not_found"],
    ["a file that nobody has named yet", pathOf(0, LATE), {}, "metadata_pending"],
  ])("is refused for %s", async (_title, path, body, code) => {
    const world = await createWorld();
    await world.add(LATE);
    expect(await problemCode(await world.send(path, wish(body)))).toBe(code);
    await turn();
    expect(world.streams.prepared).toEqual([]);
  });

  test("of a torrent that has gone meanwhile fails in silence", async () => {
    const world = await createWorld();
    const sent = world.send(pathOf(0), wish({}));
    await sent;
    await world.send(`/api/torrents/${FILM}`, DELETE);
    world.streams.endPreparation();
    await turn();
    expect(world.failures).toEqual([]);
  });
});

import { StreamError } from "@riptide/core";
import { expect, test } from "vitest";
import { startView } from "../src/view.ts";
import { createWorld, FILM, HOSTILE_NAME, never, SERIES, UNKNOWN } from "./support/world.ts";

const READY = "A series: 0 % of 3.0 MB, down 0 B/s, up 0 B/s, 1 peer";

test("writes what there is at the start, and news at once", async () => {
  const world = createWorld();
  await world.engine.add(FILM, { signal: never });
  using _view = startView(world, { json: false });
  await world.engine.add(`magnet:?xt=urn:btih:${SERIES}&dn=Soon`, { signal: never });
  expect(world.stdout.lines).toEqual([
    "A film.mkv: 100 % of 1.0 MB, down 0 B/s, up 0 B/s, 1 peer",
    "Soon: looking for peers",
  ]);
  await world.clock.advance(3_500);
  expect(world.stdout.lines.slice(2)).toEqual([READY]);
});

test("writes progress every ten seconds, and nothing where there is none", async () => {
  const world = createWorld();
  using _view = startView(world, { json: false });
  await world.engine.add(SERIES, { signal: never });
  await world.clock.advance(9_000);
  const provider = world.engine.provider(SERIES, 0);
  provider.deliver(0);
  await world.clock.advance(600);
  expect(world.stdout.lines).toEqual([`${SERIES}: looking for peers`, READY]);
  await world.clock.advance(400);
  expect(world.stdout.lines.slice(2)).toEqual([expect.stringMatching(/^A series: 8 % of 3\.0 MB, down .*, 1 peer$/)]);
  await world.clock.advance(10_000);
  const { length } = world.stdout.lines;
  await world.clock.advance(100_000);
  expect(world.stdout.lines).toHaveLength(length);
});

test("a stream that starts is news; pauses between the requests of a player are not", async () => {
  const world = createWorld();
  using _view = startView(world, { json: false });
  await world.engine.add(SERIES, { signal: never });
  await world.clock.advance(3_500);
  const { provider } = await world.engine.openFile(SERIES, 0, { signal: never });
  for (let request = 0; request < 4; request += 1) {
    const demand = provider.want({ range: { start: 100_000 * request, end: 1_000_000 }, urgency: "soon" });
    await world.clock.advance(600);
    demand[Symbol.dispose]();
    await world.clock.advance(600);
  }
  expect(world.stdout.lines.slice(2)).toEqual([`${READY}, streaming First.mp4 at 0 %`]);
  await world.clock.advance(10_000);
  expect(world.stdout.lines.slice(3)).toEqual([READY]);
});

test("failing is news, and so is being complete", async () => {
  const world = createWorld();
  using _view = startView(world, { json: false });
  await world.engine.add(SERIES, { signal: never });
  await world.clock.advance(3_500);
  for (const file of [0, 1]) {
    const provider = world.engine.provider(SERIES, file);
    for (let piece = provider.pieces.start; piece < provider.pieces.end; piece += 1) provider.deliver(piece);
  }
  await world.clock.advance(500);
  expect(world.stdout.lines.slice(2)).toEqual([expect.stringMatching(/^A series: 100 % of 3\.0 MB, /)]);
  world.engine.failTorrent(SERIES, new StreamError("storage_failed", "The disk is broken."));
  await world.clock.advance(500);
  expect(world.stdout.lines.slice(3)).toEqual(["A series: The disk is broken."]);
});

test("a torrent that is removed and added again is new", async () => {
  const world = createWorld();
  using _view = startView(world, { json: false });
  await world.engine.add(FILM, { signal: never });
  await world.engine.remove(FILM, { deleteData: false, signal: never });
  await world.engine.add(FILM, { signal: never });
  const line = "A film.mkv: 100 % of 1.0 MB, down 0 B/s, up 0 B/s, 1 peer";
  expect(world.stdout.lines).toEqual([line, line]);
});

test("tells what happens to the session", async () => {
  const world = createWorld();
  using _view = startView(world, { json: false });
  world.engine.crash();
  world.engine.restart();
  world.engine.setProblem("The data folder is gone. Bring it back.");
  world.engine.setProblem(undefined);
  expect(world.stdout.lines).toEqual([
    "The torrent session is restarting.",
    "The torrent session is running.",
    "The data folder is gone. Bring it back.",
    "The torrent session is running.",
  ]);
});

test("a name cannot begin a line of its own, nor colour one", async () => {
  const world = createWorld();
  using _view = startView(world, { json: false });
  await world.engine.add(`magnet:?xt=urn:btih:${UNKNOWN}&dn=${encodeURIComponent(HOSTILE_NAME)}`, { signal: never });
  expect(world.stdout.text).toBe("·[2J·31m·evil·{}: looking for peers\n");
});

test("notes go to stderr; at the end it says that it stops, and listens no more", async () => {
  const world = createWorld();
  const view = startView(world, { json: false });
  view.note("ffmpeg is missing.");
  view[Symbol.dispose]();
  await world.engine.add(FILM, { signal: never });
  expect(world.stderr.text).toBe("ffmpeg is missing.\n");
  expect(world.stdout.text).toBe("Riptide is stopping.\n");
  expect(world.clock.pendingTimers).toBe(0);
});

import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { startView } from "../src/view.ts";
import { FakeOutput } from "./support/fake-output.ts";
import { screenOf } from "./support/screen.ts";
import { createWorld, FILM, HOSTILE_NAME, never, SERIES, UNKNOWN, type World } from "./support/world.ts";

const EMPTY_BAR = "  ░░░░░░░░░░░░░░░░░░░░   0 % of 3.0 MB    ↓ 0 B/s      ↑ 0 B/s      1 peer";
const FULL_BAR = "  ████████████████████ 100 % of 1.0 MB    ↓ 0 B/s      ↑ 0 B/s      1 peer";

test("draws at once, and twice a second what has become of it", async () => {
  const world = createWorld(new FakeOutput({ isTTY: true }));
  using _view = startView(world, { json: false });
  expect(shown(world)).toEqual(["", "No torrents yet. Open the page and paste a magnet link.", "", ""]);
  await world.engine.add(FILM, { signal: never });
  await world.engine.add(`magnet:?xt=urn:btih:${SERIES}&dn=Soon`, { signal: never });
  await world.clock.advance(500);
  expect(shown(world)).toEqual(["", "A film.mkv", FULL_BAR, "Soon", "  looking for peers", "", ""]);
  await world.clock.advance(3_000);
  expect(shown(world)).toEqual(["", "A film.mkv", FULL_BAR, "A series", EMPTY_BAR, "", ""]);
});

test("shows what is being streamed and where, as long as it is", async () => {
  const world = createWorld(new FakeOutput({ isTTY: true }));
  using _view = startView(world, { json: false });
  await world.engine.add(FILM, { signal: never });
  await world.engine.add(SERIES, { signal: never });
  await world.clock.advance(3_500);
  const { provider } = await world.engine.openFile(SERIES, 1, { signal: never });
  const demand = provider.want({ range: { start: 500_000, end: 900_000 }, urgency: "soon" });
  await world.clock.advance(500);
  expect(shown(world)).toEqual(["", "A series", EMPTY_BAR, "  ▶ Second.mp4 at 25 %", "A film.mkv", FULL_BAR, "", ""]);
  demand[Symbol.dispose]();
  await world.clock.advance(500);
  expect(shown(world)).toEqual(["", "A film.mkv", FULL_BAR, "A series", EMPTY_BAR, "", ""]);
});

test("fits into a low terminal", async () => {
  const world = createWorld(new FakeOutput({ isTTY: true, rows: 8 }));
  using _view = startView(world, { json: false });
  for (const source of [FILM, SERIES, UNKNOWN]) await world.engine.add(source, { signal: never });
  await world.clock.advance(500);
  expect(shown(world)).toEqual(["", "A film.mkv", FULL_BAR, "… 2 more on the page", "", ""]);
});

test("takes a terminal without a height for a common one", async () => {
  const world = createWorld(new FakeOutput({ isTTY: true, rows: 0 }));
  using _view = startView(world, { json: false });
  await world.engine.add(FILM, { signal: never });
  await world.clock.advance(500);
  expect(shown(world)).toEqual(["", "A film.mkv", FULL_BAR, "", ""]);
});

test("says that the session is being started again", async () => {
  const world = createWorld(new FakeOutput({ isTTY: true }));
  using _view = startView(world, { json: false });
  world.engine.crash();
  await world.clock.advance(500);
  expect(shown(world)[1]).toBe("The torrent session is restarting.");
  world.engine.restart();
  await world.clock.advance(500);
  expect(shown(world)[1]).toBe("No torrents yet. Open the page and paste a magnet link.");
  world.engine.setProblem("The data folder is gone. Bring it back.");
  await world.clock.advance(500);
  expect(shown(world)[1]).toBe("The data folder is gone. Bring it back.");
});

test("lets no name out of its line", async () => {
  const world = createWorld(new FakeOutput({ isTTY: true }));
  using _view = startView(world, { json: false });
  await world.engine.add(`magnet:?xt=urn:btih:${UNKNOWN}&dn=${encodeURIComponent(HOSTILE_NAME)}`, { signal: never });
  await world.clock.advance(500);
  expect(shown(world)).toEqual(["", "·[2J·31m·evil·{}", "  looking for peers", "", ""]);
});

test("makes room for a note, which stays", async () => {
  const world = createWorld(new FakeOutput({ isTTY: true }));
  // A terminal is both.
  using view = startView({ ...world, stderr: world.stdout }, { json: false });
  view.note("The disk is full.");
  await world.clock.advance(500);
  expect(shown(world).slice(0, 3)).toEqual([
    "The disk is full.",
    "",
    "No torrents yet. Open the page and paste a magnet link.",
  ]);
});

test("leaves the last drawing, says that it stops, and sets no timer any more", async () => {
  const world = createWorld(new FakeOutput({ isTTY: true }));
  const view = startView(world, { json: false });
  view[Symbol.dispose]();
  view.note("A body broke off.");
  expect(world.clock.pendingTimers).toBe(0);
  expect(world.stderr.text).toBe("A body broke off.\n");
  expect(shown(world)).toEqual([
    "",
    "No torrents yet. Open the page and paste a magnet link.",
    "",
    "Riptide is stopping.",
    "",
  ]);
});

function shown({ stdout }: World): readonly string[] {
  return screenOf(stdout.text).map(stripVTControlCharacters);
}

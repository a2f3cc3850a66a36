import { expect, test } from "vitest";
import { startView } from "../src/view.ts";
import { createWorld, FILM, HOSTILE_NAME, never, UNKNOWN, type World } from "./support/world.ts";

const FILM_FIGURES = {
  infoHash: FILM,
  name: "A film.mkv",
  state: "ready",
  addedAtMs: 0,
  sizeBytes: 1_000_000,
  pieceLengthBytes: 262_144,
  verifiedBytes: 1_000_000,
  downloadedBytes: 0,
  uploadedBytes: 0,
  downloadBytesPerSecond: 0,
  uploadBytesPerSecond: 0,
  connectedPeers: 1,
  knownPeers: 1,
  activeDemands: 0,
};

test("writes what there is at the start, then each event, then that it stops", async () => {
  const world = createWorld();
  await world.engine.add(FILM, { signal: never });
  const view = startView(world, { json: true });
  const { provider } = await world.engine.openFile(FILM, 0, { signal: never });
  const demand = provider.want({ range: { start: 0, end: 10 }, urgency: "soon" });
  await world.clock.advance(500);
  demand[Symbol.dispose]();
  world.engine.crash();
  world.engine.restart();
  await world.engine.remove(FILM, { deleteData: false, signal: never });
  view[Symbol.dispose]();
  expect(objects(world)).toEqual([
    { type: "added", torrent: FILM_FIGURES },
    { type: "updated", torrent: { ...FILM_FIGURES, activeDemands: 1 } },
    { type: "engine", health: { state: "restarting", restarts: 0 } },
    { type: "engine", health: { state: "running", restarts: 1 } },
    { type: "removed", infoHash: FILM },
    { type: "stopping" },
  ]);
});

test("gives names whole, and no byte of them to the terminal", async () => {
  const world = createWorld();
  using _view = startView(world, { json: true });
  await world.engine.add(`magnet:?xt=urn:btih:${UNKNOWN}&dn=${encodeURIComponent(HOSTILE_NAME)}`, { signal: never });
  expect(world.stdout.text).toMatch(/^[\x20-\x7e]*\n$/);
  expect(objects(world)).toEqual([
    { type: "added", torrent: expect.objectContaining({ name: HOSTILE_NAME, state: "metadata" }) },
  ]);
});

test("is chosen in a terminal, too, and notes are for people", async () => {
  const world = createWorld();
  const stdout = Object.assign(world.stdout, { isTTY: true });
  using view = startView({ ...world, stdout }, { json: true });
  view.note("ffmpeg is missing.");
  expect(world.stdout.text).toBe("");
  expect(world.stderr.text).toBe("ffmpeg is missing.\n");
});

function objects({ stdout }: World): unknown[] {
  return stdout.lines.map((line) => JSON.parse(line) as unknown);
}

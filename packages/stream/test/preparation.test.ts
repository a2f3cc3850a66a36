import { StreamError } from "@riptide/core";
import { describe, expect, test } from "vitest";
import { corpusFile, demoFilm } from "../../media/test/support/corpus.ts";
import { createStreamFactory } from "../src/index.ts";
import { createContext, drainEventLoop, KIB, requestOf, type TestContext, virtualClock } from "./support/context.ts";
import { unindexedDemo } from "./support/unindexed.ts";

const PIECE = 16 * KIB;
const SWARM = { kind: "swarm", bytesPerSecond: 2e6, latencyMs: 20 } as const;

function world(bytes: Uint8Array, arrivals: Parameters<typeof createContext>[0]["arrivals"] = SWARM) {
  const clock = virtualClock();
  const factory = createStreamFactory({ ffmpeg: undefined, clock });
  const viewer = createContext({ bytes, clock, arrivals, pieceLengthBytes: PIECE, name: "film" });
  return { clock, factory, viewer };
}

/** Where the index says that the film lies. */
async function indexOf(bytes: Uint8Array) {
  const { factory, viewer } = world(bytes, { kind: "complete" });
  const { file, signal, provider } = viewer.context;
  await factory.prepare(viewer.context, undefined).done;
  const times = await factory.knownTimes({ file, signal, sizeBytes: provider.sizeBytes });
  return (start: number, end: number) => times!([{ start, end }])[0];
}

describe.each(["MKV", "MP4", "WebM"] as const)("preparing %s", (container) => {
  const film = demoFilm(container);

  test("fetches its head and its index, and nothing else, behind everybody else", async () => {
    const { clock, factory, viewer } = world(film);
    const { context, provider } = viewer;
    const { file, signal } = context;
    await clock.runUntil(factory.prepare(context, undefined).done, 60_000);
    expect(await factory.knownTimes({ file, signal, sizeBytes: film.length })).toBeDefined();
    expect((await factory.mediaInfo(context)).durationSeconds).toBeGreaterThan(0);
    expect(provider.counters().fetchedBytes).toBeLessThan(film.length / 2);
    expect(new Set(provider.demandLog().map(({ urgency }) => urgency))).toEqual(new Set(["later"]));
    expect(provider.demands()).toEqual([]);
  });

  test("fetches a part of it by the index, from keyframe to keyframe", async () => {
    const timesOf = await indexOf(film);
    const { clock, factory, viewer } = world(film);
    const { context, provider } = viewer;
    const { durationSeconds = 0 } = await clock.runUntil(factory.mediaInfo(context), 60_000);
    const before = provider.counters().fetchedBytes;
    const part = { fromSeconds: durationSeconds / 2, seconds: 2 };
    await clock.runUntil(factory.prepare(context, part).done, 60_000);
    const fetched = provider
      .available({ start: 0, end: film.length })
      .map(({ start, end }) => timesOf(start, end))
      .filter((range) => range !== undefined);
    const holds = (seconds: number): boolean =>
      fetched.some(({ startSeconds, endSeconds }) => startSeconds <= seconds && seconds <= endSeconds);
    expect([0.01, 1, 1.99].map((seconds) => holds(part.fromSeconds + seconds))).toEqual([true, true, true]);
    expect(holds(part.fromSeconds + 9)).toBe(false);
    expect(provider.counters().fetchedBytes - before).toBeLessThan(film.length / 2);
    expect(provider.demands()).toEqual([]);
  });
});

describe("a preparation", () => {
  const film = demoFilm("MKV");

  test("has all of a film to its end if it is told so, and reads nothing that is there", async () => {
    const { clock, factory, viewer } = world(film);
    await clock.runUntil(factory.prepare(viewer.context, { fromSeconds: 0, seconds: 600 }).done, 60_000);
    expect(viewer.provider.available({ start: 0, end: film.length })).toEqual([{ start: 0, end: film.length }]);
    const { readBytes } = viewer.provider.counters();
    await factory.prepare(viewer.context, { fromSeconds: 0, seconds: 600 }).done;
    expect(viewer.provider.counters().readBytes).toBe(readBytes);
  });

  test.each([
    ["without an index", unindexedDemo()],
    ["that only ffmpeg reads", corpusFile("flv/sample.flv")],
  ])("of a film %s fetches its head", async (_title, bytes) => {
    const { clock, factory, viewer } = world(bytes);
    await clock.runUntil(factory.prepare(viewer.context, { fromSeconds: 20, seconds: 600 }).done, 60_000);
    const [head] = viewer.provider.available({ start: 0, end: bytes.length });
    expect(head?.end).toBeGreaterThanOrEqual(Math.min(64 * KIB, bytes.length));
    expect(viewer.provider.counters().fetchedBytes).toBeLessThan(Math.max(400 * KIB, bytes.length));
    expect(viewer.provider.demands()).toEqual([]);
  });

  test("of a time behind the film fetches its last part", async () => {
    const { clock, factory, viewer } = world(film);
    await clock.runUntil(factory.prepare(viewer.context, undefined).done, 60_000);
    const { fetchedBytes } = viewer.provider.counters();
    const beyond = factory.prepare(viewer.context, { fromSeconds: 1e6, seconds: 1 });
    await clock.runUntil(beyond.done, 60_000);
    const there = viewer.provider.available({ start: 0, end: film.length });
    expect(there.at(-1)?.end).toBe(film.length);
    expect(viewer.provider.counters().fetchedBytes - fetchedBytes).toBeLessThan(film.length / 2);
  });

  test("is withdrawn at once when nobody wants it any more", async () => {
    const { clock, factory, viewer } = world(film);
    await clock.runUntil(factory.prepare(viewer.context, undefined).done, 60_000);
    const { done } = factory.prepare(viewer.context, { fromSeconds: 1, seconds: 600 });
    const told = done.catch((error: unknown) => error);
    await drainEventLoop();
    expect(viewer.provider.demands().map(({ urgency, origin }) => `${origin} ${urgency}`)).toEqual([
      "want later",
      "read later",
    ]);
    const reason = new DOMException("gone", "AbortError");
    viewer.client.abort(reason);
    expect(await told).toBe(reason);
    expect(viewer.provider.demands()).toEqual([]);
  });

  test("ends with the failure of the torrent", async () => {
    const { factory, viewer } = world(film, { kind: "manual" });
    const { done } = factory.prepare(viewer.context, undefined);
    const told = done.catch((error: unknown) => error);
    await drainEventLoop();
    const failure = new StreamError("torrent_removed", "It was removed.");
    viewer.provider.close(failure);
    expect(await told).toBe(failure);
  });

  test("of what is no film says so", async () => {
    const { factory, viewer } = world(new Uint8Array(100_000), { kind: "complete" });
    await expect(factory.prepare(viewer.context, undefined).done).rejects.toMatchObject({ code: "not_media" });
  });

  test("gives way to nobody once somebody plays the film", async () => {
    const { factory, viewer, clock } = world(film, { kind: "manual" });
    const preparation = factory.prepare(viewer.context, undefined);
    const told = preparation.done.catch(() => "ended");
    await drainEventLoop();
    const urgencies = (): string[] => viewer.provider.demands().map(({ urgency }) => urgency);
    expect(new Set(urgencies())).toEqual(new Set(["later"]));
    preparation.hasten();
    preparation.hasten();
    expect(urgencies()).toContain("now");
    // What is read after that is as urgent as it is for anybody.
    await deliverAll({ factory, viewer, clock });
    expect(viewer.provider.demandLog().filter(({ urgency }) => urgency === "now").length).toBeGreaterThan(1);
    viewer.client.abort();
    await told;
    expect(viewer.provider.demands()).toEqual([]);
  });

  test("leaves a film behind that is read as urgently as ever", async () => {
    const { clock, factory, viewer } = world(film);
    await clock.runUntil(factory.prepare(viewer.context, undefined).done, 60_000);
    const player: TestContext = requestOf(viewer.provider, clock, "film");
    const { status } = await clock.runUntil(
      factory.remux.produce(new Request("http://x/stream/x/3/remux.mp4?t=1"), player.context),
      60_000,
    );
    expect(status).toBe(200);
    expect(viewer.provider.demandLog().at(-1)?.urgency).not.toBe("later");
    player.client.abort();
  });
});

async function deliverAll({ viewer }: ReturnType<typeof world>): Promise<void> {
  const { pieces } = viewer.provider;
  for (let piece = pieces.start; piece < pieces.end - 1; piece += 1) {
    viewer.provider.deliver(piece);
    await drainEventLoop();
  }
}

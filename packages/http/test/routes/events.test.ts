import { StreamError } from "@riptide/core";
import type { SimulatedTorrentSeed } from "@riptide/sim";
import { describe, expect, test } from "vitest";
import { createWorld, FILM, FILM_BYTES, LATE, MAGNET_ONLY, WATCHED_AT } from "../support/world.ts";

describe("server-sent events", () => {
  test("begin with a snapshot and go on with every change", async () => {
    const { send, add, engine, clock } = await createWorld();
    const response = await send("/api/events");
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    const events = readEvents(response);

    const snapshot = await events.next();
    expect(snapshot).toMatchObject({
      name: "snapshot",
      data: { torrents: [{ infoHash: FILM, files: [{}, {}, {}] }], engine: { state: "running", restarts: 0 } },
    });

    await add(LATE);
    expect(await events.next()).toMatchObject({ name: "added", data: { infoHash: LATE, state: "metadata" } });
    await clock.advance(5_000);
    expect(await events.next()).toMatchObject({ name: "updated", data: { infoHash: LATE, state: "ready" } });
    engine.crash();
    expect(await events.next()).toEqual({ name: "engine", data: { state: "restarting", restarts: 0 } });
    engine.restart();
    expect(await events.next()).toEqual({ name: "engine", data: { state: "running", restarts: 1 } });
    await engine.remove(LATE, { deleteData: false, signal: new AbortController().signal });
    expect(await events.next()).toEqual({ name: "removed", data: { infoHash: LATE } });
    await events.cancel();
  });

  test("tell another device what is watched, each time only the latest", async () => {
    const { send, viewings } = await createWorld();
    const events = readEvents(await send("/api/events"));
    await events.next();
    viewings.record({ infoHash: FILM, index: 0, positionSeconds: 1 });
    viewings.record({ infoHash: FILM, index: 0, positionSeconds: 2, durationSeconds: 2 });
    viewings.record({ infoHash: FILM, index: 1, positionSeconds: 3 });
    const told = { infoHash: FILM, watchedAt: WATCHED_AT };
    expect([await events.next(), await events.next(), await events.next()]).toEqual([
      { name: "viewing", data: { ...told, index: 0, positionSeconds: 1, isFinished: false } },
      {
        name: "viewing",
        data: { ...told, index: 0, positionSeconds: 2, durationSeconds: 2, isFinished: true },
      },
      { name: "viewing", data: { ...told, index: 1, positionSeconds: 3, isFinished: false } },
    ]);
    viewings.forget(FILM, 1);
    expect(await events.next()).toEqual({ name: "viewingRemoved", data: { infoHash: FILM, index: 1 } });
    await events.cancel();
  });

  test("tell of a stream that starts, and of one that waits for the swarm", async () => {
    const seed: SimulatedTorrentSeed = {
      infoHash: FILM,
      name: "Far away",
      files: [{ path: "film.mp4", bytes: FILM_BYTES }],
      arrivals: { kind: "manual" },
    };
    const { send, add, clock } = await createWorld({ seeds: [seed] });
    await add(FILM);
    const events = readEvents(await send("/api/events"));
    await events.next();
    await send(`/stream/${FILM}/0`, { method: "HEAD" });
    const stream = await send(`/stream/${FILM}/0`);
    expect(await events.next()).toEqual({ name: "streamStarted", data: { infoHash: FILM, index: 0 } });
    const reader = stream.body!.getReader();
    const read = reader.read().catch(() => undefined);
    await clock.advance(1_999);
    expect(await events.next()).toMatchObject({ name: "updated", data: { activeDemands: 1 } });
    const told = events.next();
    expect(await Promise.race([told, Promise.resolve("silence")])).toBe("silence");
    await clock.advance(1);
    expect(await told).toEqual({ name: "streamStalled", data: { infoHash: FILM, index: 0 } });
    await reader.cancel();
    await read;
    await events.cancel();
    await clock.advance(1_000); // the engine's own news
    expect(clock.pendingTimers).toBe(0);
  });

  test("send a comment after 15 s of silence, counted from the last event", async () => {
    const { send, add, clock } = await createWorld();
    const events = readEvents(await send("/api/events"));
    await events.next();
    await clock.advance(10_000);
    await add(MAGNET_ONLY);
    await events.next();
    const beat = events.nextText();
    await clock.advance(14_999);
    expect(await Promise.race([beat, Promise.resolve("silence")])).toBe("silence");
    await clock.advance(1);
    expect(await beat).toBe(": heartbeat\n\n");
    await events.cancel();
  });

  test("send no comment to a client that has not taken the last event", async () => {
    const { send, clock } = await createWorld();
    const events = readEvents(await send("/api/events"));
    await clock.advance(60_000);
    expect(await events.next()).toMatchObject({ name: "snapshot" });
    const beat = events.nextText();
    expect(await Promise.race([beat, Promise.resolve("silence")])).toBe("silence");
    await clock.advance(15_000);
    expect(await beat).toBe(": heartbeat\n\n");
    await events.cancel();
  });

  test("coalesce what a client does not take: of each torrent it gets the latest", async () => {
    const { send, add, engine, clock } = await createWorld();
    const events = readEvents(await send("/api/events"));
    await events.next();
    await add(MAGNET_ONLY); // taken into the stream's own queue of one
    await add(LATE);
    await clock.advance(5_000);
    engine.failTorrent(FILM, new StreamError("disk_full", "The disk is full."));
    await clock.advance(1_000);
    engine.crash();
    engine.restart();
    await events.next();
    expect(await events.next()).toMatchObject({ name: "engine", data: { state: "running", restarts: 1 } });
    expect(await events.next()).toMatchObject({ name: "added", data: { infoHash: LATE, state: "ready" } });
    expect(await events.next()).toMatchObject({
      name: "updated",
      data: { infoHash: FILM, state: "failed", error: { code: "disk_full", message: "The disk is full." } },
    });
    await events.cancel();
  });

  test.each([
    ["cancels the body", async (world: Stoppable) => world.events.cancel()],
    ["aborts the request", async (world: Stoppable) => world.client.abort("Client connection prematurely closed.")],
  ])("hold no timer and no subscription once the client %s", async (_title, stop) => {
    const { send, clock, engine } = await createWorld();
    let subscriptions = 0;
    const subscribe = engine.subscribe.bind(engine);
    engine.subscribe = (listener) => {
      subscriptions += 1;
      const subscription = subscribe(listener);
      return {
        [Symbol.dispose]: () => {
          subscriptions -= 1;
          subscription[Symbol.dispose]();
        },
      };
    };
    const pendingBefore = clock.pendingTimers;
    const client = new AbortController();
    const events = readEvents(await send("/api/events", { signal: client.signal }));
    await events.next();
    expect([subscriptions, clock.pendingTimers]).toEqual([1, pendingBefore + 1]);
    await stop({ client, events });
    expect([subscriptions, clock.pendingTimers]).toEqual([0, pendingBefore]);
  });

  test("end when the server drains, so that clients go elsewhere", async () => {
    const { send, draining, clock } = await createWorld();
    const pendingBefore = clock.pendingTimers;
    const events = readEvents(await send("/api/events"));
    await events.next();
    draining.abort();
    expect(await events.nextText()).toBeUndefined();
    expect(await readEvents(await send("/api/events")).nextText()).toBeUndefined();
    expect(clock.pendingTimers).toBe(pendingBefore);
  });

  test("answer HEAD without listening", async () => {
    const { send, clock } = await createWorld();
    const pendingBefore = clock.pendingTimers;
    const response = await send("/api/events", { method: "HEAD" });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    expect(clock.pendingTimers).toBe(pendingBefore);
  });
});

interface Stoppable {
  readonly client: AbortController;
  readonly events: ReturnType<typeof readEvents>;
}

/** Reads a body of one event in each chunk, as the server writes it. */
function readEvents(response: Response) {
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  async function nextText(): Promise<string | undefined> {
    const { value } = await reader.read();
    return value && decoder.decode(value);
  }
  return {
    nextText,
    async next(): Promise<{ name: string; data: unknown }> {
      const text = await nextText();
      const [, name, data] = /^event: (\w+)\ndata: (.*)\n\n$/.exec(text ?? "") ?? [];
      return { name: name ?? `unreadable: ${text}`, data: JSON.parse(data ?? "null") };
    },
    cancel: () => reader.cancel(),
  };
}

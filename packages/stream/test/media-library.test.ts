import { MediaError, type StreamContext, StreamError } from "@riptide/core";
import { beforeAll, describe, expect, test } from "vitest";
import { createStreamFactory } from "../src/index.ts";
import { demandEnds, MediaLibrary } from "../src/media-library.ts";
import { createContext, drainEventLoop, get, KIB, randomBytes, requestOf, virtualClock } from "./support/context.ts";
import { H264, makeFilm } from "./support/films.ts";

let film: Uint8Array;
beforeAll(async () => {
  film = await makeFilm("mkv", `${H264} -c:a aac`);
});

describe("What is known about a file", () => {
  test("is read once for all who ask at the same time, and never again", async () => {
    const clock = virtualClock();
    const library = new MediaLibrary();
    const arrivals = { kind: "swarm", bytesPerSecond: 1_000_000, latencyMs: 50 } as const;
    const first = createContext({ bytes: film, clock, arrivals });
    const others = [1, 2, 3].map(() => requestOf(first.provider, clock));
    const asked = [first, ...others].map(({ context }) => library.mediaInfo(context));
    const infos = await clock.runUntil(Promise.all(asked), 5000);
    expect(new Set(infos).size).toBe(1);
    expect(infos[0]).toMatchObject({ container: "matroska", tracks: [{ codec: "h264" }, { codec: "aac" }] });
    const { readBytes } = first.provider.counters();
    await library.mediaInfo(requestOf(first.provider, clock).context);
    expect(first.provider.counters()).toMatchObject({ readBytes, demandsHeld: 0, readsWaiting: 0 });
    expect(first.context.timings.phases.get("head")).toBeGreaterThanOrEqual(50);
    expect(first.context.timings.phases.has("index")).toBe(true);
  });

  test("belongs to one file of one torrent", async () => {
    const clock = virtualClock();
    const library = new MediaLibrary();
    expect(await library.container(createContext({ bytes: film, clock, index: 0 }).context)).toBe("matroska");
    expect(
      await library.container(createContext({ bytes: randomBytes(5000), clock, index: 1 }).context),
    ).toBeUndefined();
  });

  test("tells how fast the file plays, once it has been read", async () => {
    const clock = virtualClock();
    const library = new MediaLibrary();
    const { context } = createContext({ bytes: film, clock });
    expect(library.bytesPerSecond(context)).toBeUndefined();
    const { durationSeconds = 0 } = await library.mediaInfo(context);
    expect(durationSeconds).toBeCloseTo(4, 0);
    expect(library.bytesPerSecond(context)?.(0)).toBeCloseTo(film.length / durationSeconds);
  });
});

describe("Opening a file", () => {
  test("demands both ends in parallel, the head first, and lets go of them", () => {
    const { provider } = createContext({
      bytes: randomBytes(1000 * KIB),
      clock: virtualClock(),
      arrivals: { kind: "manual" },
    });
    const ends = demandEnds(provider);
    expect(provider.demands()).toMatchObject([
      { urgency: "now", range: { start: 0, end: 64 * KIB } },
      { urgency: "now", range: { start: 936 * KIB, end: 1000 * KIB } },
    ]);
    ends[Symbol.dispose]();
    expect(provider.counters().demandsHeld).toBe(0);
  });

  test.each<[string, (context: StreamContext) => Promise<unknown>]>([
    ["to look at it", (context) => new MediaLibrary().mediaInfo(context)],
    [
      "to remux it",
      (context) => createStreamFactory({ ffmpeg: undefined, clock: context.clock }).remux.produce(get(), context),
    ],
  ])("%s demands both ends before anything of it is there", async (_why, opens) => {
    const clock = virtualClock();
    const { context, provider, client } = createContext({ bytes: film, clock, arrivals: { kind: "manual" } });
    const opening = opens(context);
    await drainEventLoop();
    // Behind them is what is read already.
    expect(provider.demands().slice(0, 2)).toMatchObject([
      { urgency: "now", range: { start: 0, end: 64 * KIB } },
      { urgency: "now", range: { start: film.length - 64 * KIB, end: film.length } },
    ]);
    client.abort(new DOMException("gone", "AbortError"));
    await expect(opening).rejects.toBe(client.signal.reason);
    expect(provider.counters().demandsHeld).toBe(0);
  });

  test("does not wait for the tail if the head is all it takes", async () => {
    const clock = virtualClock();
    const { context, provider } = createContext({
      bytes: film,
      clock,
      arrivals: { kind: "manual" },
      pieceLengthBytes: 64 * KIB,
    });
    const info = new MediaLibrary().mediaInfo(context);
    await drainEventLoop();
    provider.deliver(0);
    expect((await info).container).toBe("matroska");
    expect(provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  });
});

describe("What cannot be read", () => {
  test("because it is no media, says so", async () => {
    const { context, provider } = createContext({ bytes: randomBytes(500), clock: virtualClock() });
    const failure = await new MediaLibrary().mediaInfo(context).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(MediaError);
    expect(failure).toMatchObject({ code: "not_media" });
    expect(provider.counters().demandsHeld).toBe(0);
  });

  test("because no peer has it, may be read later", async () => {
    const { context, provider } = createContext({ bytes: film, clock: virtualClock(), arrivals: { kind: "manual" } });
    const library = new MediaLibrary();
    const info = library.mediaInfo(context);
    await drainEventLoop();
    const failure = new StreamError("no_peers", "No peer has this part.");
    provider.fail(failure);
    await expect(info).rejects.toBe(failure);
    expect(provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
    for (let piece = provider.pieces.start; piece < provider.pieces.end; piece += 1) provider.deliver(piece);
    expect((await library.mediaInfo(context)).container).toBe("matroska");
  });

  test("because the client left, is not waited for, unless another client does", async () => {
    const clock = virtualClock();
    const library = new MediaLibrary();
    const first = createContext({ bytes: film, clock, arrivals: { kind: "manual" } });
    const second = requestOf(first.provider, clock);
    const [left, stays] = [library.mediaInfo(first.context), library.mediaInfo(second.context)];
    await drainEventLoop();
    first.client.abort(new DOMException("gone", "AbortError"));
    await expect(left).rejects.toBe(first.client.signal.reason);
    expect(first.provider.counters().readsWaiting).toBe(1);
    second.client.abort(new DOMException("gone", "AbortError"));
    await expect(stays).rejects.toBe(second.client.signal.reason);
    await drainEventLoop();
    expect(first.provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  });
});

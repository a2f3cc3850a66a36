import { beforeAll, describe, expect, test } from "vitest";
import { type Film, FilmLibrary } from "../src/film-library.ts";
import { createContext, drainEventLoop, MIB, requestOf, type TestContext, virtualClock } from "./support/context.ts";
import { H264, makeFilm, makeHeavyFilm } from "./support/films.ts";

const clock = virtualClock();
const films = new Map<string, Uint8Array>();

beforeAll(async () => {
  films.set("mkv", await makeFilm("mkv", `${H264} -c:a aac`));
  films.set("mkv without Cues", await makeFilm("mkv", `${H264} -c:a aac -live 1`));
  films.set("mp4", await makeFilm("mp4", `${H264} -c:a aac`));
  films.set("late sound", await makeHeavyFilm("mkv", "-c:a aac", 8));
});

interface Opened extends TestContext {
  readonly library: FilmLibrary;
  readonly film: Film;
}

const containerOf = (name: string) => (name === "mp4" ? "mp4" : "matroska");

async function open(name: string, bytes = films.get(name)!): Promise<Opened> {
  const library = new FilmLibrary();
  const viewer = createContext({ bytes, clock });
  return { ...viewer, library, film: (await library.film(containerOf(name), viewer.context))! };
}

const idle = { demandsHeld: 0, readsWaiting: 0 };

describe("A film", () => {
  test.each(["mkv", "mp4"])("is opened once for all who ask (%s)", async (name) => {
    const library = new FilmLibrary();
    const first = createContext({ bytes: films.get(name)!, clock, arrivals: { kind: "manual" } });
    const asked = [first, requestOf(first.provider, clock)].map(({ context }) =>
      library.film(containerOf(name), context),
    );
    await drainEventLoop();
    expect(first.provider.counters().readsWaiting).toBe(1);
    for (let piece = 0; piece < first.provider.pieces.end; piece += 1) first.provider.deliver(piece);
    const [film, same] = await Promise.all(asked);
    expect(film?.demuxer.tracks.map(({ track }) => track.codec)).toEqual(["h264", "aac"]);
    expect(same).toBe(film);
    expect(first.context.timings.phases.has("index")).toBe(true);
    expect(first.provider.counters()).toMatchObject(idle);
  });

  test.each(["flv", "asf", "ogg"] as const)("in %s is for ffmpeg, and not read", async (container) => {
    const { context, provider } = createContext({ bytes: films.get("mkv")!, clock });
    expect(await new FilmLibrary().film(container, context)).toBeUndefined();
    expect(provider.counters().readBytes).toBe(0);
  });
});

describe("The index of a film", () => {
  test.each(["mkv", "mp4"])("is read once, and tells entries and segments (%s)", async (name) => {
    const { library, film, context, provider } = await open(name);
    const index = await library.keyIndex(film, context);
    expect(index?.map(({ timeSeconds }) => Math.round(timeSeconds))).toEqual([0, 2]);
    const { readBytes } = provider.counters();
    expect(await library.keyIndex(film, context)).toBe(index);
    const plan = await library.segments(film, context);
    expect(plan?.map(({ startSeconds }) => Math.round(startSeconds))).toEqual([0, 2]);
    const cutter = await library.cutter(film, context);
    const known = { plan, index, isComplete: true, isExplored: false };
    expect([cutter?.isExplored, await cutter?.segments("news", context)]).toEqual([false, known]);
    expect(await library.segments(film, context)).toBe(plan);
    expect(provider.counters().readBytes).toBe(readBytes);
    expect(await library.entryAt(film, 1.9, context)).toEqual(index?.[0]);
    expect(await library.entryAt(film, 3.2, context)).toEqual(index?.[1]);
    expect(provider.counters().readBytes - readBytes).toBeLessThanOrEqual(2 * 16 * 1024);
  });

  test("may be missing: then the film is searched, and what was found is remembered", async () => {
    const { library, film, context, provider } = await open("mkv without Cues");
    expect(await library.keyIndex(film, context)).toBeUndefined();
    expect(await library.segments(film, context)).toBeUndefined();
    const cutter = await library.cutter(film, context);
    expect(await library.cutter(film, context)).toBe(cutter);
    const explored = await cutter?.segments("news", context);
    expect(explored).toMatchObject({ isComplete: true, isExplored: true });
    expect(explored?.plan.map(({ startSeconds }) => Math.round(startSeconds))).toEqual([0, 2]);
    const found = await library.entryAt(film, 3.2, context);
    expect(found?.timeSeconds).toBeGreaterThan(1);
    expect(found?.timeSeconds).toBeLessThanOrEqual(2.05);
    const { readBytes } = provider.counters();
    expect(await library.entryAt(film, 3.2, context)).toEqual(found);
    expect(provider.counters().readBytes - readBytes).toBeLessThan(readBytes);
  });

  test("tells no segments of a film that does not say how long it is", async () => {
    const bytes = Buffer.from(films.get("mkv")!);
    // RFC 9559 §5.1.2.10: the Duration, eight bytes of floating point.
    const duration = bytes.indexOf(Buffer.from([0x44, 0x89, 0x88])) + 3;
    bytes.fill(0, duration, duration + 8);
    const { library, film, context } = await open("mkv", bytes);
    expect(await library.keyIndex(film, context)).toHaveLength(2);
    expect(await library.segments(film, context)).toBeUndefined();
    const explored = await (await library.cutter(film, context))?.segments("news", context);
    expect(explored?.plan.at(-1)?.endSeconds).toBeCloseTo(4, 1);
  });

  test("is all there is to cut a film by that nobody can explore", async () => {
    const { library, film, context } = await open("mp4");
    const { demuxer } = film;
    const endless = { ...film, demuxer: { ...demuxer, durationSeconds: undefined, keyIndex: async () => undefined } };
    expect(await library.cutter(endless as Film, context)).toBeUndefined();
  });
});

describe("The first packet of a track", () => {
  test.each(["mkv", "mp4"])("is found once for all (%s)", async (name) => {
    const { library, film, context, provider } = await open(name);
    const [picture, sound] = film.demuxer.tracks;
    const first = await library.firstPacket(film, picture!.number, context);
    expect(first).toMatchObject({ trackNumber: picture!.number, isKeyframe: true });
    expect(first!.ptsTicks / picture!.timescale).toBeCloseTo(0, 1);
    const { readBytes } = provider.counters();
    expect(await library.firstPacket(film, picture!.number, context)).toBe(first);
    expect(provider.counters().readBytes).toBe(readBytes);
    expect(await library.firstPacket(film, sound!.number, context)).toMatchObject({ trackNumber: sound!.number });
    expect(provider.counters()).toMatchObject(idle);
  });

  test("is one that decoding can start with", async () => {
    const bytes = Buffer.from(films.get("mkv")!);
    const firstCluster = bytes.indexOf(Buffer.from([0x1f, 0x43, 0xb6, 0x75]));
    // RFC 9559 §10.2: a SimpleBlock of track 1 at the Cluster's time, as a keyframe, and then as none.
    bytes[bytes.indexOf(Buffer.from([0x81, 0x00, 0x00, 0x80]), firstCluster) + 3] = 0;
    const { library, film, context } = await open("mkv", bytes);
    const packet = await library.firstPacket(film, 1, context);
    expect(packet).toMatchObject({ trackNumber: 1, isKeyframe: true });
    expect(packet!.ptsTicks / 90_000).toBeCloseTo(2, 1);
  });

  test("is not looked for beyond the first megabytes", async () => {
    const { library, film, context, provider } = await open("late sound");
    const { readBytes } = provider.counters();
    expect(await library.firstPacket(film, 2, context)).toBeUndefined();
    expect(provider.counters().readBytes - readBytes).toBeLessThanOrEqual(4 * MIB);
    expect(provider.counters()).toMatchObject(idle);
  });

  test("of a track that is not there is none", async () => {
    const { library, film, context } = await open("mkv");
    expect(await library.firstPacket(film, 9, context)).toBeUndefined();
  });
});

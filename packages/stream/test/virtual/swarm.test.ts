import { type ByteRange, mergeRanges, StreamError, subtractRanges } from "@riptide/core";
import { openMatroska } from "@riptide/media";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { realClock } from "../../../transcode/test/support/clocks.ts";
import { eventually } from "../../../transcode/test/support/eventually.ts";
import { createContext, get, KIB, MIB, readAll, readerOf, requestOf, type TestContext } from "../support/context.ts";
import { H264, makeFilm, makeHeavyFilm } from "../support/films.ts";
import { complete, factory, virtual } from "./virtual.ts";

const PIECE_LENGTH_BYTES = 64 * KIB;
const ENDS_LENGTH_BYTES = 64 * KIB;

/** Twelve seconds, three segments of 4 MB. */
let heavy: { readonly source: Uint8Array; readonly whole: Uint8Array };
let lastMoov: { readonly source: Uint8Array; readonly whole: Uint8Array };

beforeAll(async () => {
  const sources = [await makeHeavyFilm(), await makeFilm("mp4", `${H264} -b:v 8M -c:a aac`)] as const;
  const [heavyWhole, lastMoovWhole] = await Promise.all(sources.map(async (source) => readAll(await virtual(source))));
  heavy = { source: sources[0], whole: heavyWhole! };
  lastMoov = { source: sources[1], whole: lastMoovWhole! };
});

/** A film of which nothing is there but what is demanded. */
function swarmed(bytes: Uint8Array): TestContext {
  const viewer = createContext({
    bytes,
    clock: realClock,
    arrivals: { kind: "swarm", bytesPerSecond: 16 * MIB, latencyMs: 5 },
    pieceLengthBytes: PIECE_LENGTH_BYTES,
  });
  onTestFinished(() => viewer.provider[Symbol.dispose]());
  return viewer;
}

/** What was demanded beside what may be. */
const beyond = ({ provider }: TestContext, allowed: readonly ByteRange[]): ByteRange[] =>
  mergeRanges(provider.demandLog().map(({ range }) => range)).flatMap((range) => subtractRanges(range, allowed));
const idle = { demandsHeld: 0, readsWaiting: 0 };

describe("Of a film that is not there yet", () => {
  test("a range in the middle demands both ends, and the segment that it lies in", async () => {
    const { source, whole } = heavy;
    const { signal } = new AbortController();
    const index = await (await openMatroska(complete(source).provider, { signal })).keyIndex({ signal });
    const [, second, third] = index!.map(({ offsetBytes }) => offsetBytes);
    const viewer = swarmed(source);
    const start = Math.floor(whole.length / 2);
    const range = `bytes=${start}-${start + 99_999}`;
    const body = await readAll(await factory().virtual.produce(get({ range }), viewer.context));
    expect(Buffer.compare(body, whole.subarray(start, start + 100_000))).toBe(0);
    const allowed: ByteRange[] = [
      // The first frame of sound, which tells the times of the others, lies behind the first picture.
      { start: 0, end: 512 * KIB },
      { start: second!, end: third! },
      { start: source.length - ENDS_LENGTH_BYTES, end: source.length },
    ];
    expect(beyond(viewer, allowed)).toEqual([]);
    expect(viewer.provider.counters()).toMatchObject(idle);
    expect(viewer.provider.counters().fetchedBytes).toBeLessThan(5 * MIB);
  });

  test("the first bytes need no picture at all", async () => {
    const { source, whole } = heavy;
    const viewer = swarmed(source);
    const body = await readAll(await factory().virtual.produce(get({ range: "bytes=0-1023" }), viewer.context));
    expect(Buffer.compare(body, whole.subarray(0, 1024))).toBe(0);
    expect(viewer.provider.counters().fetchedBytes).toBeLessThan(700 * KIB);
  });

  test("an MP4 gives a range of its middle for that and its index", async () => {
    const { source, whole } = lastMoov;
    const viewer = swarmed(source);
    const start = Math.floor(whole.length / 2);
    const range = `bytes=${start}-${start + 9999}`;
    const body = await readAll(await factory().virtual.produce(get({ range }), viewer.context));
    expect(Buffer.compare(body, whole.subarray(start, start + 10_000))).toBe(0);
    const allowed: ByteRange[] = [
      { start: 0, end: ENDS_LENGTH_BYTES },
      { start: start - 64 * KIB, end: start + 64 * KIB },
      { start: source.length - ENDS_LENGTH_BYTES, end: source.length },
    ];
    expect(beyond(viewer, allowed)).toEqual([]);
  });

  test("the next segment is on its way while this one is sent", async () => {
    const { source, whole } = heavy;
    const viewer = complete(source);
    const response = await factory().virtual.produce(
      get({ range: `bytes=${Math.floor(whole.length / 4)}-` }),
      viewer.context,
    );
    const reader = readerOf(response);
    await reader.read();
    const readBytes = viewer.provider.counters().readBytes;
    expect(readBytes).toBeLessThan(5 * MIB);
    const [window] = viewer.provider.demands();
    expect(window!.range.end - window!.range.start).toBeGreaterThan(2 * MIB);
    await reader.cancel();
    expect(viewer.provider.counters()).toMatchObject(idle);
  });
});

describe("A client that leaves", () => {
  test.each([
    ["before it reads", 0, ""],
    ["in the index", 1, "bytes=0-"],
    ["in a segment", 20, "bytes=0-"],
    ["in the middle", 3, "bytes=5000000-"],
  ])("%s leaves no demand", async (_, chunks, range) => {
    for (const { source } of [heavy, lastMoov]) {
      const viewer = complete(source);
      const headers = range === "" || source === lastMoov.source ? {} : { range };
      const reader = readerOf(await factory().virtual.produce(get(headers), viewer.context));
      for (let count = 0; count < chunks; count += 1) await reader.read();
      await reader.cancel();
      expect(viewer.provider.counters()).toMatchObject(idle);
    }
  });

  test.each([
    ["the index", ""],
    ["a segment in the middle", "bytes=5000000-"],
  ])("while the swarm is waited for with %s ends the wait", async (_, range) => {
    const viewer = createContext({ bytes: heavy.source, clock: realClock, arrivals: { kind: "manual" } });
    if (range !== "") {
      viewer.provider.deliver(0);
      viewer.provider.deliver(viewer.provider.pieces.end - 1);
    }
    const produced = factory().virtual.produce(get(range === "" ? {} : { range }), viewer.context);
    await eventually(() => expect(viewer.provider.counters().readsWaiting).toBeGreaterThan(0));
    viewer.client.abort(new DOMException("The client closed the request.", "AbortError"));
    await expect(produced).rejects.toBe(viewer.client.signal.reason);
    await eventually(() => expect(viewer.provider.counters()).toMatchObject(idle));
  });

  test("while another waits for the same index leaves that one alone", async () => {
    const first = createContext({ bytes: heavy.source, clock: realClock, arrivals: { kind: "manual" } });
    const second = requestOf(first.provider, realClock);
    const streams = factory();
    const produced = [first, second].map(({ context }) =>
      streams.virtual.produce(get({ range: "bytes=0-3" }), context),
    );
    await eventually(() => expect(first.provider.counters().readsWaiting).toBeGreaterThan(0));
    first.client.abort(new DOMException("The client closed the request.", "AbortError"));
    await expect(produced[0]).rejects.toBe(first.client.signal.reason);
    for (let piece = 0; piece < first.provider.pieces.end; piece += 1) first.provider.deliver(piece);
    expect((await readAll(await produced[1]!)).length).toBe(4);
    await eventually(() => expect(first.provider.counters()).toMatchObject(idle));
  });
});

describe("A swarm that cannot deliver", () => {
  const failure = new StreamError("no_peers", "No peer has this part.");

  test("a segment is told by a status", async () => {
    const viewer = createContext({ bytes: heavy.source, clock: realClock, arrivals: { kind: "manual" } });
    viewer.provider.deliver(0);
    viewer.provider.deliver(viewer.provider.pieces.end - 1);
    const produced = factory().virtual.produce(get({ range: "bytes=5000000-" }), viewer.context);
    await eventually(() => expect(viewer.provider.demands().some(({ range }) => range.start > MIB)).toBe(true));
    await eventually(() => expect(viewer.provider.counters().readsWaiting).toBeGreaterThan(0));
    viewer.provider.fail(failure);
    await expect(produced).rejects.toBe(failure);
    expect(viewer.provider.counters()).toMatchObject(idle);
  });

  test("a later one ends the body with its reason", async () => {
    const viewer = createContext({ bytes: heavy.source, clock: realClock, arrivals: { kind: "manual" } });
    const last = viewer.provider.pieces.end - 1;
    for (let piece = 0; piece <= last; piece += 1) if (piece < 20 || piece === last) viewer.provider.deliver(piece);
    const response = await factory().virtual.produce(get(), viewer.context);
    const body = readAll(response);
    await eventually(() => expect(viewer.provider.counters().readsWaiting).toBe(1));
    viewer.provider.fail(failure);
    await expect(body).rejects.toBe(failure);
    expect(viewer.provider.counters()).toMatchObject(idle);
  });
});

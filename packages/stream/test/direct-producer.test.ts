import { StreamError } from "@riptide/core";
import { describe, expect, test } from "vitest";
import { createStreamFactory } from "../src/index.ts";
import {
  type ContextOptions,
  createContext,
  drainEventLoop,
  get,
  head,
  INFO_HASH,
  KIB,
  MIB,
  randomBytes,
  readAll,
  readerOf,
  requestOf,
  type TestContext,
  virtualClock,
  webmLikeBytes,
} from "./support/context.ts";

const bytes = webmLikeBytes(2 * MIB);
const clock = virtualClock();
const produce = (request: Request, viewer: TestContext): Promise<Response> =>
  createStreamFactory({ ffmpeg: undefined, clock }).direct.produce(request, viewer.context);
const create = (options: Partial<ContextOptions> = {}): TestContext => createContext({ bytes, clock, ...options });

const waiting = (): TestContext => create({ arrivals: { kind: "manual" }, pieceLengthBytes: 256 * KIB });

function headersOf(response: Response): Record<string, string> {
  return Object.fromEntries(response.headers);
}

const always = {
  "accept-ranges": "bytes",
  "cache-control": "private, max-age=31536000, immutable",
  "content-security-policy": "sandbox",
  etag: `"${INFO_HASH}-3"`,
  "x-content-type-options": "nosniff",
};
const content = {
  "content-type": "video/webm",
  "content-disposition": `inline; filename="film.bin"; filename*=UTF-8''film.bin`,
};

describe("The original bytes", () => {
  test("come whole, with a length, a validator and what they are", async () => {
    const response = await produce(get(), create());
    expect(response.status).toBe(200);
    expect(headersOf(response)).toEqual({ ...always, ...content, "content-length": String(bytes.length) });
    expect(Buffer.compare(await readAll(response), bytes)).toBe(0);
  });

  test.each([
    ["bytes=0-9", 0, 10],
    ["bytes=1000000-", 1_000_000, bytes.length],
    ["bytes=-5", bytes.length - 5, bytes.length],
    ["bytes=2097100-99999999999999999999", 2_097_100, bytes.length],
    ["bytes=5-5, 9-9", 5, 6],
  ])("come in part: %s", async (range, start, end) => {
    const response = await produce(get({ range }), create());
    expect(response.status).toBe(206);
    expect(headersOf(response)).toEqual({
      ...always,
      ...content,
      "content-length": String(end - start),
      "content-range": `bytes ${start}-${end - 1}/${bytes.length}`,
    });
    expect(Buffer.compare(await readAll(response), bytes.subarray(start, end))).toBe(0);
  });

  test("HEAD says what GET would, without a body, and ignores a range", async () => {
    const response = await produce(head({ range: "bytes=0-9" }), create());
    expect(response.status).toBe(200);
    expect(headersOf(response)).toEqual({ ...always, ...content, "content-length": String(bytes.length) });
    expect(response.body).toBeNull();
  });

  test.each([
    ["what the client has", { "if-none-match": `"${INFO_HASH}-3"` }, 304],
    ["another version", { "if-match": '"nope"' }, 412],
    ["what lies beyond the end", { range: "bytes=2097152-" }, 416],
  ])("are not read for %s", async (_, headers, status) => {
    const viewer = create({ arrivals: { kind: "manual" } });
    const response = await produce(get(headers), viewer);
    expect(response.status).toBe(status);
    expect(headersOf(response)).toEqual({ ...always, ...(status === 416 && { "content-range": "bytes */2097152" }) });
    expect(response.body).toBeNull();
    expect(viewer.provider.demandLog()).toEqual([]);
  });

  test("of an empty file are none, with or without a range", async () => {
    for (const request of [get(), get({ range: "bytes=0-9" })]) {
      const viewer = create({ bytes: new Uint8Array(0) });
      const response = await produce(request, viewer);
      expect([response.status, response.headers.get("content-length")]).toEqual([200, "0"]);
      expect((await readAll(response)).length).toBe(0);
      expect(viewer.provider.counters().demandsHeld).toBe(0);
    }
  });

  test.each([
    ["a page", Buffer.from("<!doctype html><script>alert(1)</script>")],
    ["a drawing that runs scripts", Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>')],
    ["noise", randomBytes(5000)],
  ])("that are no media (%s) are a download, whatever the name says", async (_, notMedia) => {
    const response = await produce(get(), create({ bytes: notMedia, name: "film.html" }));
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    expect(response.headers.get("content-disposition")).toBe(
      `attachment; filename="film.html"; filename*=UTF-8''film.html`,
    );
    expect(Buffer.compare(await readAll(response), notMedia)).toBe(0);
  });

  test("come piece by piece as the swarm delivers them, with nothing held up", async () => {
    const viewer = create({
      arrivals: { kind: "swarm", bytesPerSecond: MIB, latencyMs: 100 },
      pieceLengthBytes: 64 * KIB,
    });
    const response = await clock.runUntil(produce(get(), viewer), 1000);
    const startMs = clock.nowMs();
    expect(Buffer.compare(await clock.runUntil(readAll(response), 10_000), bytes)).toBe(0);
    expect(clock.nowMs() - startMs).toBeLessThan(2500);
    expect(viewer.provider.counters()).toMatchObject({ demandsHeld: 0, wastedBytes: 0 });
  });
});

describe("A body is only as eager as its reader", () => {
  test("demands its first byte and one small window, and reads nothing until it is read", async () => {
    const viewer = create({ bytes: webmLikeBytes(40 * MIB) });
    const response = await produce(get(), viewer);
    await drainEventLoop();
    expect(viewer.provider.counters().readBytes).toBeLessThanOrEqual(4096);
    expect(viewer.provider.demands()).toMatchObject([
      { urgency: "now", range: { start: 0, end: 1 } },
      { urgency: "soon", range: { start: 0, end: 256 * KIB } },
    ]);
    await response.body?.cancel();
  });

  test("hands out 64 KiB first and 1 MiB in the end", async () => {
    const viewer = create({ bytes: webmLikeBytes(80 * MIB), pieceLengthBytes: 4 * MIB });
    const sizes: number[] = [];
    for await (const chunk of (await produce(get(), viewer)).body ?? []) sizes.push(chunk.length);
    expect(sizes[0]).toBe(64 * KIB);
    expect(Math.max(...sizes)).toBe(MIB);
  });

  test("has the next chunk read, and no more, while a client at full speed takes this one", async () => {
    const viewer = create({ bytes: webmLikeBytes(80 * MIB), pieceLengthBytes: 4 * MIB });
    const reader = readerOf(await produce(get(), viewer));
    let takenBytes = 0;
    for (let length = 0; length < MIB; ) {
      length = (await reader.read()).value!.length;
      takenBytes += length;
    }
    await drainEventLoop();
    const sniffedBytes = 4096;
    expect(viewer.provider.counters().readBytes).toBe(sniffedBytes + takenBytes + MIB);
    await reader.cancel();
    expect(viewer.provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  });

  test("tells of a chunk that was read ahead and failed only when it is asked for", async () => {
    const pieces = Array.from({ length: 10 }, (_, piece) => ({ atMs: 0, piece }));
    const arrivals = { kind: "scripted", events: pieces } as const;
    const viewer = create({ bytes: webmLikeBytes(80 * MIB), pieceLengthBytes: 4 * MIB, arrivals });
    const produced = produce(get(), viewer);
    await clock.advance(1);
    const reader = readerOf(await produced);
    let takenBytes = 0;
    while (takenBytes < 40 * MIB) takenBytes += (await reader.read()).value!.length;
    await drainEventLoop();
    expect(viewer.provider.counters().readsWaiting).toBe(1);
    const failure = new StreamError("no_peers", "No peer has this part.");
    viewer.provider.fail(failure);
    await drainEventLoop();
    await expect(reader.read()).rejects.toBe(failure);
  });
});

describe("A body that cannot go on", () => {
  test("fails with the provider's reason, and never ends as if it were complete", async () => {
    const viewer = waiting();
    viewer.provider.deliver(0);
    const response = await produce(get(), viewer);
    const reader = readerOf(response);
    let received = 0;
    const failure = new StreamError("no_valid_source", "All peers sent bad data.");
    const read = (async () => {
      for (;;) received += (await reader.read()).value?.length ?? 0;
    })();
    await drainEventLoop();
    viewer.provider.fail(failure);
    await expect(read).rejects.toBe(failure);
    expect(received).toBe(256 * KIB);
    expect(viewer.provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  });

  test("lets go of everything when it is cancelled while it waits", async () => {
    const viewer = waiting();
    viewer.provider.deliver(0);
    const reader = readerOf(await produce(get({ range: "bytes=300000-" }), viewer));
    const read = reader.read();
    await drainEventLoop();
    expect(viewer.provider.counters().readsWaiting).toBe(1);
    await reader.cancel();
    await read;
    expect(viewer.provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  });

  test("lets go of everything when the client is gone and nobody reads", async () => {
    const viewer = waiting();
    viewer.provider.deliver(0);
    await produce(get(), viewer);
    expect(viewer.provider.counters().demandsHeld).toBe(2);
    viewer.client.abort(new DOMException("The client closed the request.", "AbortError"));
    expect(viewer.provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  });

  test.each([
    ["GET", get()],
    ["HEAD", head()],
  ])("becomes an error instead of a response if not even the first bytes come: %s", async (_, request) => {
    const viewer = waiting();
    const response = produce(request, viewer);
    const failure = new StreamError("no_peers", "No peer has this part.");
    await drainEventLoop();
    viewer.provider.fail(failure);
    await expect(response).rejects.toBe(failure);
    expect(viewer.provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  });

  test("waits for nothing once its client is gone", async () => {
    const viewer = waiting();
    const response = produce(get(), viewer);
    await drainEventLoop();
    viewer.client.abort(new DOMException("The client closed the request.", "AbortError"));
    await expect(response).rejects.toBe(viewer.client.signal.reason);
    expect(viewer.provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  });

  test("a hundred seeks, each of which aborts the last, leave the demands of one", async () => {
    const viewer = create({ bytes: webmLikeBytes(20 * MIB), arrivals: { kind: "manual" } });
    viewer.provider.deliver(0);
    const factory = createStreamFactory({ ffmpeg: undefined, clock });
    let last: TestContext | undefined;
    for (let index = 0; index < 100; index += 1) {
      last?.client.abort(new DOMException("The client closed the request.", "AbortError"));
      last = requestOf(viewer.provider, clock);
      const response = await factory.direct.produce(
        get({ range: `bytes=${300_000 + index * 100_000}-` }),
        last.context,
      );
      readerOf(response)
        .read()
        .catch(() => {});
    }
    await drainEventLoop();
    expect(viewer.provider.counters()).toMatchObject({ demandsHeld: 3, readsWaiting: 1 });
    last?.client.abort();
    await drainEventLoop();
    expect(viewer.provider.counters()).toMatchObject({ demandsHeld: 0, readsWaiting: 0 });
  });
});

import { StreamError } from "@riptide/core";
import { expect, test } from "vitest";
import type { RequestRecord } from "../../src/observe/request-record.ts";
import { createWorld, FILM, FILM_BYTES } from "../support/world.ts";

/** A world that keeps what is told of its requests. */
async function observedWorld() {
  const records: RequestRecord[] = [];
  const world = await createWorld({ observers: [{ ended: (record) => records.push(record) }] });
  return { ...world, records };
}

const ID = /^[0-9a-f]{12}$/;

test("a request is told of when its body has ended, with the id that its response has", async () => {
  const { send, records } = await observedWorld();
  const response = await send(`/stream/${FILM}/0/direct?token=secret`, { headers: { range: "bytes=10-" } });
  expect(records).toEqual([]);
  await response.arrayBuffer();
  expect(records).toEqual([
    {
      requestId: response.headers.get("x-request-id"),
      method: "GET",
      route: "/stream/:infoHash/:index/direct",
      status: 200,
      code: undefined,
      bytes: FILM_BYTES.length,
      durationMs: 0,
      ttfbMs: 0,
      end: "complete",
      stream: { streamId: expect.stringMatching(ID), infoHash: FILM, index: 0, source: "direct", entry: "seek" },
    },
  ]);
  expect(records[0]!.requestId).toMatch(ID);
  expect(records[0]!.requestId).not.toBe(records[0]!.stream!.streamId);
});

test.each([
  ["abc-1._Z", "abc-1._Z"],
  ["a b", ID],
  ["x".repeat(65), ID],
  ["", ID],
])("a request that comes as %j is called %s", async (named, called) => {
  const { send } = await observedWorld();
  const { headers } = await send("/livez", { headers: { "x-request-id": named } });
  expect(headers.get("x-request-id")).toMatch(called);
});

test("a problem is told by its code, wherever it was found, and logged with the id of the request", async () => {
  const { send, records, streams, failures } = await observedWorld();
  await (await send("/nothing")).text();
  await (await send("/livez", { headers: { host: "evil.example" } })).text();
  streams.failure = new TypeError("a bug");
  await (await send(`/stream/${FILM}/0/remux.mp4`)).text();
  expect(records.map(({ route, status, code }) => [route, status, code])).toEqual([
    ["none", 404, "not_found"],
    ["none", 421, "misdirected"],
    ["/stream/:infoHash/:index/remux.mp4", 500, "internal"],
  ]);
  expect(failures).toHaveLength(1);
});

test("HEAD has no body, and ends with its header", async () => {
  const { send, records } = await observedWorld();
  await send(`/stream/${FILM}/0/direct`, { method: "HEAD" });
  expect(records).toMatchObject([{ method: "HEAD", status: 200, bytes: 0, ttfbMs: undefined, end: "complete" }]);
});

test("a client that goes cuts the body; a film that fails fails it", async () => {
  const { send, records, engine } = await observedWorld();
  const cut = (await send(`/stream/${FILM}/0/direct`)).body!.getReader();
  await cut.read();
  await cut.cancel();
  const failed = (await send(`/stream/${FILM}/0/direct`)).body!.getReader();
  await failed.read();
  engine.failTorrent(FILM, new StreamError("storage_failed", "The disk is broken."));
  await expect(readOn(failed)).rejects.toThrow("The disk is broken.");
  expect(records.map(({ end, bytes }) => [end, bytes > 0])).toEqual([
    ["cut", true],
    ["failed", true],
  ]);
});

async function readOn(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  while (!(await reader.read()).done) {}
}

test.each([
  ["/direct", {}, "start"],
  ["/direct", { range: "bytes=0-" }, "start"],
  ["/direct", { range: "bytes=5-9" }, "seek"],
  ["/direct", { range: "bytes=-9" }, "other"],
  ["", {}, "start"],
  ["/remux.mp4?t=0", {}, "start"],
  ["/remux.mp4?t=12.5", {}, "seek"],
  ["/virtual.mp4", {}, "start"],
  ["/hls/master.m3u8", {}, "other"],
  ["/hls/video/seg-0.m4s", {}, "start"],
  ["/hls/video/seg-7.m4s", {}, "other"],
  ["/hls/audio/0/seg-7.m4s?from=3", {}, "seek"],
  ["/subtitles/0.vtt", {}, "other"],
  ["/attachments/0", {}, "other"],
])("a request for %s with %j is one for: %s", async (path, headers, entry) => {
  const { send, records } = await observedWorld();
  await (await send(`/stream/${FILM}/0${path}`, { headers })).arrayBuffer();
  expect(records.map(({ stream }) => stream?.entry)).toEqual([entry]);
});

import { afterAll, beforeAll, expect, test } from "vitest";
import { readMetrics } from "../support/metrics.ts";
import { type OneTorrent, oneTorrent, readBody, type Server } from "../support/one-torrent.ts";

const CLIENTS = 50;
const PART_BYTES = 1024 ** 2;
const HEAP_MIB = 128;
/** Node itself takes 100 MiB, and buffers lie outside of the heap: 50 windows of 1 MiB, and those of sockets. */
const RESIDENT_MAX_BYTES = 450 * 1024 ** 2;
let one: OneTorrent;
let server: Server;
beforeAll(async () => {
  one = await oneTorrent({ lengthBytes: 8 * 1024 ** 2 });
  server = await one.start({ nodeWords: [`--max-old-space-size=${HEAP_MIB}`] });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await one[Symbol.asyncDispose]();
});

test("F13 a heap of 128 MiB and 50 clients at once: every byte is right, and memory is bounded", async () => {
  const reads = Array.from({ length: CLIENTS }, (_, client) => isPartRight(client));
  // As many that ask, and take nothing: the kernel holds what it holds, and we hold a window.
  const stalled = await Promise.all(Array.from({ length: CLIENTS }, () => fetch(server.film)));
  expect(await Promise.all(reads)).toEqual(Array.from({ length: CLIENTS }, () => true));
  const metrics = await readMetrics(server.url);
  expect(metrics.get("riptide_streams_active")).toBeGreaterThanOrEqual(1);
  expect(metrics.get("nodejs_heap_size_used_bytes")).toBeLessThan(HEAP_MIB * 1024 ** 2);
  expect(metrics.get("process_resident_memory_bytes")).toBeLessThan(RESIDENT_MAX_BYTES);
  // One download, however many read it.
  expect(metrics.get('riptide_download_bytes_total{kind="peer"}')).toBeLessThan(one.torrent.bytes.length * 1.1);
  for (const { body } of stalled) await body?.cancel();
  expect(server.process.child.exitCode).toBeNull();
});

/** Each client reads another part of the film. */
async function isPartRight(client: number): Promise<boolean> {
  const { bytes } = one.torrent;
  const start = Math.floor(((bytes.length - PART_BYTES) * client) / CLIENTS);
  const headers = { range: `bytes=${start}-${start + PART_BYTES - 1}` };
  const part = await readBody(await fetch(server.film, { headers }));
  return part.end === "whole" && part.bytes.equals(bytes.subarray(start, start + PART_BYTES));
}

import { setTimeout as delay } from "node:timers/promises";
import type { Torrent } from "@riptide/http";
import { expect, test } from "vitest";
import { readMetrics } from "../support/metrics.ts";
import { oneTorrent, readBody } from "../support/one-torrent.ts";
import { waitUntil } from "../support/wait.ts";

const BLOCKED_SECONDS = 2;
const BLOCK = `
  import { isMainThread } from "node:worker_threads";
  if (isMainThread) {
    process.on("SIGUSR2", () => {
      const endMs = performance.now() + ${BLOCKED_SECONDS * 1000};
      while (performance.now() < endMs) {}
    });
  }
`;

test("F27 two seconds in which nothing runs are shown, and cost nobody a peer, a stream or a byte", async () => {
  await using one = await oneTorrent({ lengthBytes: 4_000_000, seed: { bytesPerSecond: 1_000_000 } });
  await using server = await one.start({ preload: BLOCK });
  const body = fetch(server.film).then(readBody);
  await waitUntil("something has come", () => one.seed.counters.bytesSent > 500_000);
  // What comes next counts from here, or rather from the next time that Node.js looks, every ten milliseconds: nothing may be read shortly
  // before nothing runs.
  await readMetrics(server.url);
  await delay(100);
  const sentBefore = one.seed.counters.bytesSent;
  server.process.child.kill("SIGUSR2");
  await delay(200);
  // Measured every ten milliseconds: whoever asks in the moment in which the loop runs again may be answered before.
  await waitUntil("the lag is told", async () => {
    const lagSeconds = (await readMetrics(server.url)).get("nodejs_eventloop_lag_max_seconds")!;
    return lagSeconds > BLOCKED_SECONDS * 0.9;
  });
  // The session has a thread of its own: it went on.
  expect(one.seed.counters.bytesSent).toBeGreaterThan(sentBefore);
  const { bytes, end } = await body;
  expect([end, Buffer.compare(bytes, one.torrent.bytes)]).toEqual(["whole", 0]);
  expect(one.seed.counters.connections).toBe(1);
  const { torrents } = (await (await fetch(`${server.url}/api/torrents`)).json()) as { torrents: Torrent[] };
  expect(torrents).toMatchObject([{ state: "ready", connectedPeers: 1 }]);
  expect(server.process.stderr()).toBe("");
});

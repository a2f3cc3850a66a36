import { execFile } from "node:child_process";
import { connect, type Socket } from "node:net";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readMetrics } from "../support/metrics.ts";
import { isFilmRight, type OneTorrent, oneTorrent, type Server } from "../support/one-torrent.ts";
import { waitUntil } from "../support/wait.ts";

/** Idle, it has some fifty descriptors open. */
const DESCRIPTORS = 96;
const CONNECTIONS = 200;
let one: OneTorrent;
let server: Server;
beforeAll(async () => {
  one = await oneTorrent({ lengthBytes: 3_000_000, seed: { bytesPerSecond: 500_000 } });
  server = await one.start();
  // Only now: while it loads its modules it may need more.
  const words = ["--pid", String(server.process.child.pid), `--nofile=${DESCRIPTORS}:${DESCRIPTORS}`];
  await promisify(execFile)("prlimit", words);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await one[Symbol.asyncDispose]();
});

test("F12 more connections than descriptors: the server lives, what plays goes on, and it answers when they are gone", async () => {
  let isOver = false;
  const playing = isFilmRight(server.film, one.torrent).finally(() => (isOver = true));
  // Its file is open by then: what is not waits for a descriptor.
  await waitUntil("it plays", () => one.seed.counters.bytesSent > 400_000);
  const port = Number(new URL(server.url).port);
  const sockets: Socket[] = [];
  for (let index = 0; index < CONNECTIONS; index += 1) {
    sockets.push(connect(port, "127.0.0.1").on("error", () => undefined));
  }
  // Those that cannot be had are closed again, by whoever noticed: nobody waits for ever.
  const open = (): number => sockets.filter((socket) => !socket.closed && !socket.destroyed).length;
  await waitUntil("those were turned away for whom there is none", () => open() < DESCRIPTORS);
  expect([open() > 0, isOver]).toEqual([true, false]);
  expect(await playing).toBe(true);
  expect(open()).toBeGreaterThan(0);
  for (const socket of sockets) socket.destroy();
  await waitUntil("it answers again", () =>
    fetch(`${server.url}/livez`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  expect(await isFilmRight(server.film, one.torrent)).toBe(true);
  expect(server.process.child.exitCode).toBeNull();
  // None of them was kept.
  const openDescriptors = async (): Promise<number> => (await readMetrics(server.url)).get("process_open_fds")!;
  await waitUntil("the descriptors are free", async () => (await openDescriptors()) < DESCRIPTORS - 20);
});

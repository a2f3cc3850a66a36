import { expect, test } from "vitest";
import { exitOf } from "../support/command-line.ts";
import { oneTorrent, readBody } from "../support/one-torrent.ts";
import { waitUntil } from "../support/wait.ts";

const STREAMS = 10;
/** Two seconds of grace, and what closing takes on a busy machine. */
const END_LIMIT_MS = 8_000;

test("F20 SIGTERM during 10 streams: none looks whole, nobody new is taken, and a restart goes on where they were", async () => {
  await using one = await oneTorrent({ lengthBytes: 4_000_000, seed: { bytesPerSecond: 800_000 } });
  const { bytes } = one.torrent;
  let received: Awaited<ReturnType<typeof readBody>>[];
  {
    await using server = await one.start();
    const responses = await Promise.all(Array.from({ length: STREAMS }, () => fetch(server.film)));
    expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: STREAMS }, () => 200));
    const bodies = Promise.all(responses.map(readBody));
    await waitUntil("something has come", () => one.seed.counters.bytesSent > 300_000);
    const startedMs = performance.now();
    server.process.child.kill("SIGTERM");
    await waitUntil("nobody is taken any more", () =>
      fetch(`${server.url}/livez`).then(
        () => false,
        () => true,
      ),
    );
    received = await bodies;
    expect(await exitOf(server.process)).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(END_LIMIT_MS);
  }
  for (const body of received) {
    expect(body.end).toBe("cut");
    expect(body.bytes.length).toBeGreaterThan(0);
    expect(body.bytes.equals(bytes.subarray(0, body.bytes.length))).toBe(true);
  }
  const sentBefore = one.seed.counters.bytesSent;
  await using server = await one.start();
  const rests = received.map(async ({ bytes: start }) => {
    const response = await fetch(server.film, { headers: { range: `bytes=${start.length}-` } });
    expect(response.status).toBe(206);
    return Buffer.concat([start, (await readBody(response)).bytes]);
  });
  for (const whole of await Promise.all(rests)) expect(Buffer.compare(whole, bytes)).toBe(0);
  // What was there before is not fetched again; a piece or two were under way.
  expect(one.seed.counters.bytesSent - sentBefore).toBeLessThan(bytes.length - received[0]!.bytes.length + 1_000_000);
});

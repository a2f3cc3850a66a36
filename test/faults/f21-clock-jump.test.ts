import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { oneTorrent, readBody } from "../support/one-torrent.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { waitUntil } from "../support/wait.ts";

const HOUR_MS = 3_600_000;

/** The wall clock of every thread is as much ahead as the file says, from the moment that it says so. */
function preload(path: string): string {
  return `
    import { readFileSync } from "node:fs";
    const RealDate = Date;
    const offsetMs = () => { try { return Number(readFileSync(${JSON.stringify(path)}, "utf8")); } catch { return 0; } };
    const now = () => RealDate.now() + offsetMs();
    globalThis.Date = class Date extends RealDate {
      constructor(...words) { super(...(words.length === 0 ? [now()] : words)); }
      static now() { return now(); }
    };
  `;
}

async function setClock(folder: TemporaryFolder, offsetMs: number): Promise<void> {
  const path = join(folder.path, "offset");
  await writeFile(`${path}.new`, String(offsetMs));
  await rename(`${path}.new`, path);
}

test("F21 the clock jumps an hour ahead and two back: streams, peers and torrents do not notice", async () => {
  await using folder = await temporaryFolder("clock");
  await using one = await oneTorrent({ lengthBytes: 5_000_000, seed: { bytesPerSecond: 1_500_000 } });
  await using server = await one.start({
    preload: preload(join(folder.path, "offset")),
    words: ["--log-format=json", "--log-level=info"],
  });
  const body = fetch(server.film).then(readBody);
  const { counters } = one.seed;
  await waitUntil("something has come", () => counters.bytesSent > 500_000);
  await setClock(folder, HOUR_MS);
  const loggedTime = async (): Promise<number> => {
    await fetch(`${server.url}/api/torrents`);
    const line = server.process.stderr().split("\n").at(-2) ?? "{}";
    return Date.parse((JSON.parse(line) as { time: string }).time);
  };
  await waitUntil("the server has the new time", async () => (await loggedTime()) > Date.now() + HOUR_MS / 2);
  await waitUntil("more has come", () => counters.bytesSent > 1_500_000);
  await setClock(folder, -HOUR_MS);
  await waitUntil("the server has the old time", async () => (await loggedTime()) < Date.now() - HOUR_MS / 2);
  const { bytes, end } = await body;
  expect([end, Buffer.compare(bytes, one.torrent.bytes)]).toEqual(["whole", 0]);
  // Nobody was hung up on, nothing was fetched twice.
  expect(counters.connections).toBe(1);
  expect(counters.bytesSent).toBeLessThan(one.torrent.bytes.length + 200_000);
  expect(server.process.stderr()).not.toMatch(/"level":"(warn|error|fatal)"/);
});

import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { oneTorrent, readBody } from "../support/one-torrent.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const HOUR_MS = 3_600_000;

/** libfaketime of Debian: whatever asks for the time in the process is told what the file says, but not by the monotonic clock. */
function fakeTime(folder: TemporaryFolder): NodeJS.ProcessEnv {
  return {
    LD_PRELOAD: "/usr/$LIB/faketime/libfaketimeMT.so.1",
    FAKETIME_TIMESTAMP_FILE: join(folder.path, "offset"),
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    // What is on the disk keeps its times.
    NO_FAKE_STAT: "1",
  };
}

async function setClock(folder: TemporaryFolder, offsetSeconds: "+0" | "+3600" | "-3600"): Promise<void> {
  const path = join(folder.path, "offset");
  await writeFile(`${path}.new`, offsetSeconds);
  await rename(`${path}.new`, path);
}

describeWith("faketime")("on a machine whose clock is set", () => {
  it("F21 the clock jumps an hour ahead and two back: streams, peers and torrents do not notice", async () => {
    await using folder = await temporaryFolder("clock");
    await setClock(folder, "+0");
    await using one = await oneTorrent({ lengthBytes: 5_000_000, seed: { bytesPerSecond: 1_500_000 } });
    await using server = await one.start({
      environment: fakeTime(folder),
      words: ["--log-format=json", "--log-level=info"],
    });
    const body = fetch(server.film).then(readBody);
    const { counters } = one.seed;
    await waitUntil("something has come", () => counters.bytesSent > 500_000);
    await setClock(folder, "+3600");
    const loggedTime = async (): Promise<number> => {
      await fetch(`${server.url}/api/torrents`);
      const line = server.process.stderr().split("\n").at(-2) ?? "{}";
      return Date.parse((JSON.parse(line) as { time: string }).time);
    };
    await waitUntil("the server has the new time", async () => (await loggedTime()) > Date.now() + HOUR_MS / 2);
    await waitUntil("more has come", () => counters.bytesSent > 1_500_000);
    await setClock(folder, "-3600");
    await waitUntil("the server has the old time", async () => (await loggedTime()) < Date.now() - HOUR_MS / 2);
    const { bytes, end } = await body;
    expect([end, Buffer.compare(bytes, one.torrent.bytes)]).toEqual(["whole", 0]);
    // Nobody was hung up on, nothing was fetched twice.
    expect(counters.connections).toBe(1);
    expect(counters.bytesSent).toBeLessThan(one.torrent.bytes.length + 200_000);
    expect(server.process.stderr()).not.toMatch(/"level":"(warn|error|fatal)"/);
  });
});

import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { Torrent } from "@riptide/http";
import { expect, it } from "vitest";
import { firstEvent } from "../support/first-event.ts";
import { FILM_BYTES, startOnSmallDisk } from "../support/small-disk.ts";
import { waitUntil } from "../support/wait.ts";

const MIB = 1024 * 1024;

/** Where there is a budget, something can make way: `test/threats/t17`. */
it("F10 a disk that is full stops nothing that is there, and what waits goes on when there is room, without a restart", async () => {
  await using world = await startOnSmallDisk();
  const { torrent, riptide, ballast, url, film } = world;
  const state = async (): Promise<Torrent> =>
    (await (await fetch(`${url}/api/torrents/${torrent.infoHash}`)).json()) as Torrent;
  const events = await fetch(`${url}/api/events`);
  const playing = playWhole(film);

  const full = await waitUntil("the disk is full", async () => {
    const torrentState = await state();
    return torrentState.error !== undefined && torrentState.error !== null && torrentState;
  });
  expect(full.error).toMatchObject({
    code: "disk_full",
    message: expect.stringMatching(/^The disk is full\. Free some/),
  });
  expect(full.state).toBe("ready");
  expect(await firstEvent(events, '"disk_full"')).toContain(torrent.infoHash);
  const readiness = async () => (await (await fetch(`${url}/readyz`)).json()) as { status: string; reasons: string[] };
  const isTold = expect.stringMatching(/^disk: The disk is full/);
  expect(await readiness()).toMatchObject({ status: "ready", reasons: expect.arrayContaining([isTold]) });
  // What is there is served all the while.
  expect(full.verifiedBytes).toBeGreaterThan(8 * MIB);
  const head = await fetch(film, { headers: { range: `bytes=0-${8 * MIB - 1}` } });
  expect(await sha256(head)).toBe(
    createHash("sha256")
      .update(torrent.bytes.subarray(0, 8 * MIB))
      .digest("hex"),
  );
  expect((await state()).error).toMatchObject({ code: "disk_full" });

  await rm(ballast);
  expect(await playing).toBe(createHash("sha256").update(torrent.bytes).digest("hex"));
  const after = await waitUntil("all is well again", async () => {
    const torrentState = await state();
    return !torrentState.error && torrentState;
  });
  expect(after).toMatchObject({ state: "ready", verifiedBytes: FILM_BYTES });
  expect((await readiness()).reasons).not.toContainEqual(isTold);
  expect(riptide.child.exitCode).toBe(null);
});

/** As players do: a body that broke off, as one does that got nothing for half a minute, goes on by range where it was. */
async function playWhole(url: string): Promise<string> {
  const hash = createHash("sha256");
  for (let atBytes = 0; atBytes < FILM_BYTES; ) {
    try {
      const response = await fetch(url, { headers: { range: `bytes=${atBytes}-` } });
      if (!response.ok) await delay(500);
      for await (const chunk of response.ok ? response.body! : []) {
        hash.update(chunk);
        atBytes += chunk.length;
      }
    } catch (error) {
      // undici's word for it.
      if (!(error instanceof TypeError && error.message === "terminated")) throw error;
    }
  }
  return hash.digest("hex");
}

async function sha256(response: Response): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of response.body!) hash.update(chunk);
  return hash.digest("hex");
}

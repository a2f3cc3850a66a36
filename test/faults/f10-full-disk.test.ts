import { createHash } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Torrent } from "@riptide/http";
import { expect, it } from "vitest";
import { quietly, urlOf } from "../support/command-line.ts";
import { firstEvent } from "../support/first-event.ts";
import { startProcess } from "../support/processes.ts";
import { programPath } from "../support/program.ts";
import { startScriptedSeed } from "../support/scripted-seed.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { createTestTorrent } from "../support/test-torrent.ts";
import { waitUntil } from "../support/wait.ts";

const MIB = 1024 * 1024;
const DISK_BYTES = 32 * MIB;
const BALLAST_BYTES = 20 * MIB;
const FILM_BYTES = 24 * MIB + 5;
/** A file system of its own, which goes with the process; unprivileged users may make one, too, in a namespace. */
const ON_SMALL_DISK = `mount -t tmpfs -o size=${DISK_BYTES} tmpfs "$0" && exec "$@"`;

it("F10, T17 a disk that is full stops nothing that is there, and what waits goes on when there is room, without a restart", async () => {
  await using world = await onSmallDisk();
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

it("F10, T17 where there is a budget, what was played makes way on a disk that others fill, before it is full", async () => {
  await using world = await onSmallDisk("--max-disk=64M");
  const { torrent, riptide, url, film } = world;
  const response = await fetch(film);
  expect(await sha256(response)).toBe(createHash("sha256").update(torrent.bytes).digest("hex"));
  const after = (await (await fetch(`${url}/api/torrents/${torrent.infoHash}`)).json()) as Torrent;
  expect(after.error ?? null).toBe(null);
  expect(after.verifiedBytes).toBeLessThan(DISK_BYTES - BALLAST_BYTES);
  expect(riptide.stderr()).toBe("");
});

/** A server with a film of a swarm, whose disk is smaller than that, as somebody else has put something on it. */
async function onSmallDisk(...more: string[]) {
  const torrent = await createTestTorrent({ lengthBytes: FILM_BYTES, pieceLengthBytes: MIB });
  const seed = await startScriptedSeed({ torrent });
  const folder = await temporaryFolder("full-disk");
  const disk = join(folder.path, "disk");
  await mkdir(disk);
  const peer = `--peer=${seed.peer.host}:${seed.peer.port}`;
  const words = [process.execPath, programPath(), ...quietly(join(disk, "data"), peer, ...more)];
  const riptide = startProcess("unshare", ["-rm", "sh", "-c", ON_SMALL_DISK, disk, ...words]);
  const url = await urlOf(riptide);
  // From out here the disk is seen through the process.
  const ballast = join(`/proc/${riptide.child.pid}/root`, disk, "ballast");
  await writeFile(ballast, Buffer.alloc(BALLAST_BYTES, 1));
  const added = await fetch(`${url}/api/torrents`, {
    method: "POST",
    headers: { "content-type": "application/x-bittorrent" },
    body: Buffer.from(torrent.torrentFile),
  });
  expect(added.status).toBe(201);
  const film = `${url}/stream/${torrent.infoHash}/0/direct`;
  const resources = [riptide, folder, seed, torrent];
  return {
    torrent,
    riptide,
    ballast,
    url,
    film,
    async [Symbol.asyncDispose]() {
      for (const resource of resources) await resource[Symbol.asyncDispose]();
    },
  };
}

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

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { quietly, urlOf } from "./command-line.ts";
import { startProcess } from "./processes.ts";
import { programPath } from "./program.ts";
import { startScriptedSeed } from "./scripted-seed.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { createTestTorrent } from "./test-torrent.ts";

const MIB = 1024 * 1024;
const DISK_BYTES = 32 * MIB;
const BALLAST_BYTES = 20 * MIB;
/** What others leave of the disk. */
export const ROOM_BYTES = DISK_BYTES - BALLAST_BYTES;
/** A film that has no room there. */
export const FILM_BYTES = 24 * MIB + 5;
/** A file system of its own, which goes with the process; unprivileged users may make one, too, in a namespace. */
const ON_SMALL_DISK = `mount -t tmpfs -o size=${DISK_BYTES} tmpfs "$0" && exec "$@"`;

/** A server with a film of a swarm, whose disk is smaller than that, as somebody else has put something on it: `ballast`. */
export async function startOnSmallDisk(...more: string[]) {
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

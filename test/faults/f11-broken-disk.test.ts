import { execFile } from "node:child_process";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBody, startBundledRiptide } from "../support/bundled-riptide.ts";
import type { RunningRiptide } from "../support/riptide.ts";
import { type ScriptedSeed, startScriptedSeed } from "../support/scripted-seed.ts";
import { sha256 } from "../support/sha256.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { createTestTorrent, type TestTorrent } from "../support/test-torrent.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const run = promisify(execFile);

const KIB = 1024;
const PIECE_BYTES = 128 * KIB;
const FILM_BYTES = 16 * PIECE_BYTES + 77;
/** A write of ours is told of within two seconds; later ones are somebody else's. */
const AFTER_OUR_WRITES_MS = 2_100;
/** Every read of a file fails as one of a broken disk does. */
const READS = "posix/io/rw/pread";

let torrent: TestTorrent;
let seed: ScriptedSeed;
let folder: TemporaryFolder;
beforeAll(async () => {
  torrent = await createTestTorrent({ lengthBytes: FILM_BYTES, pieceLengthBytes: PIECE_BYTES });
  seed = await startScriptedSeed({ torrent });
  folder = await temporaryFolder("broken-disk");
});
afterAll(async () => {
  for (const opened of [folder, seed, torrent]) await opened[Symbol.asyncDispose]();
});

/** A server that has fetched the whole film. */
async function startWithFilm(name: string, through: readonly string[] = []): Promise<RunningRiptide> {
  const riptide = await startBundledRiptide(join(folder.path, name), { through, seeds: [seed] });
  await riptide.add(torrent.torrentFile);
  expect((await readBody(filmOf(riptide))).sha256).toBe(sha256(torrent.bytes));
  return riptide;
}

function filmOf(riptide: RunningRiptide): string {
  return `${riptide.url}/stream/${torrent.infoHash}/0/direct`;
}

/** Turns one bit of the film over, as it lies on the disk; `isSilent`: the file system notices nothing. */
async function rot(name: string, piece: number, isSilent: boolean): Promise<void> {
  const path = join(folder.path, name, torrent.infoHash, torrent.name);
  const stamp = join(folder.path, "stamp");
  await run("touch", ["-r", path, stamp]);
  const file = await open(path, "r+");
  const at = piece * PIECE_BYTES + 5_000;
  await file.write(Uint8Array.of(torrent.bytes[at]! ^ 1), 0, 1, at);
  await file.close();
  // To the nanosecond, which Node cannot.
  if (isSilent) await run("touch", ["-r", stamp, path]);
}

describe("F11 bit rot", () => {
  it("that came while Riptide did not run is found when the piece is read, and only that piece is fetched again", async () => {
    const first = await startWithFilm("stopped");
    await first[Symbol.asyncDispose]();
    await rot("stopped", 5, true);
    await using riptide = await startBundledRiptide(join(folder.path, "stopped"), { seeds: [seed] });
    await waitUntil("the film is there", async () => (await riptide.torrent(torrent.infoHash)).verifiedBytes > 0);
    const sentBefore = seed.counters.bytesSent;
    // From the middle of the piece on, as a player that seeks.
    const start = 5 * PIECE_BYTES + 4_000;
    const read = await readBody(filmOf(riptide), { range: `bytes=${start}-` });
    expect([read.isWhole, read.sha256]).toEqual([true, sha256(torrent.bytes.subarray(start))]);
    expect(seed.counters.bytesSent - sentBefore).toBe(PIECE_BYTES);
    const told = () => riptide.process.stderr().match(/not on the disk as it was written/g);
    await expect.poll(told).toHaveLength(1);
  });

  it("that somebody writes into the film of a server that runs is not served either", async () => {
    await using riptide = await startWithFilm("running");
    await new Promise((resolve) => setTimeout(resolve, AFTER_OUR_WRITES_MS));
    const sentBefore = seed.counters.bytesSent;
    for (const piece of [0, 9]) await rot("running", piece, false);
    const read = await readBody(filmOf(riptide));
    expect([read.isWhole, read.sha256]).toEqual([true, sha256(torrent.bytes)]);
    expect(seed.counters.bytesSent - sentBefore).toBe(2 * PIECE_BYTES);
    expect(await riptide.torrent(torrent.infoHash)).toMatchObject({ verifiedBytes: FILM_BYTES, activeDemands: 0 });
  });
});

describeWith("fiu")("F11 a disk that cannot read", () => {
  let control: string;
  beforeAll(() => {
    control = join(folder.path, "fiu");
  });
  const startOnBrokenDisk = (name: string) => startWithFilm(name, ["fiu-run", "-x", "-f", control]);

  async function tell({ process }: RunningRiptide, command: string): Promise<void> {
    await run("fiu-ctrl", ["-f", control, "-c", command, String(process.child.pid)]);
  }

  it("once: nobody notices, and the bytes are right", async () => {
    await using riptide = await startOnBrokenDisk("once");
    await tell(riptide, `enable name=${READS},failinfo=5,onetime`);
    const read = await readBody(filmOf(riptide));
    expect([read.isWhole, read.sha256]).toEqual([true, sha256(torrent.bytes)]);
  });

  it("for a while: the stream ends with one typed error, and later all is well without a restart", async () => {
    await using riptide = await startOnBrokenDisk("while");
    const sentBefore = seed.counters.bytesSent;
    await tell(riptide, `enable name=${READS},failinfo=5`);
    const broken = await readBody(filmOf(riptide));
    expect(broken).toMatchObject({ isWhole: false, lengthBytes: 0 });
    const told = () => riptide.process.stderr().match(/broke off: The disk reported an error/g);
    await expect.poll(told).toHaveLength(1);
    // What it cannot read was fetched again, and not without end.
    expect(seed.counters.bytesSent - sentBefore).toBeLessThan(4 * FILM_BYTES);
    expect(await riptide.torrent(torrent.infoHash)).toMatchObject({ state: "ready", activeDemands: 0 });

    await tell(riptide, `disable name=${READS}`);
    const read = await readBody(filmOf(riptide));
    expect([read.isWhole, read.sha256]).toEqual([true, sha256(torrent.bytes)]);
    expect(riptide.process.child.exitCode).toBe(null);
  });
});

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ByteRange, FileMap } from "@riptide/core";
import type { Torrent } from "@riptide/http";
import { createRandom } from "@riptide/sim";
import { expect, it } from "vitest";
import { parseTorrentFile } from "../../packages/swarm/src/metainfo/index.ts";
import { decodeJournal } from "../../packages/swarm/src/storage/verified-journal.ts";
import { quietly, urlOf } from "../support/command-line.ts";
import { startProcess } from "../support/processes.ts";
import { programPath } from "../support/program.ts";
import { startScriptedSeed } from "../support/scripted-seed.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { createTestTorrent } from "../support/test-torrent.ts";
import { waitUntil } from "../support/wait.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** `npm run soak` has it die more often. */
const ROUNDS = Number(process.env["RIPTIDE_DEATHS"] ?? 6);
const PIECE_LENGTH_BYTES = 64 * KIB;
/** Pieces are recorded once a second: a process dies before the first time, at it, or after it. */
const BYTES_PER_SECOND = 3 * MIB;
const MAX_LIFE_BYTES = 3 * MIB;

it(`F19 loses nothing verified, serves nothing unverified over ${ROUNDS} deaths by SIGKILL`, {
  timeout: 60_000 + ROUNDS * 15_000,
}, async () => {
  const seed = Number(process.env["RIPTIDE_SEED"] ?? Date.now() % 1_000_000);
  console.log(`moments of SIGKILL follow from seed ${seed}`);
  const random = createRandom(seed);
  await using torrent = await createTestTorrent({ lengthBytes: 48 * MIB + 77, pieceLengthBytes: PIECE_LENGTH_BYTES });
  await using source = await startScriptedSeed({ torrent, bytesPerSecond: BYTES_PER_SECOND });
  await using folder = await temporaryFolder("sigkill");
  const peer = `--peer=${source.peer.host}:${source.peer.port}`;
  const words = [programPath(), ...quietly(folder.path, peer)];
  let verified: readonly number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    await using riptide = startProcess(process.execPath, words);
    const url = await urlOf(riptide);
    const film = `${url}/stream/${torrent.infoHash}/0/direct`;
    if (round === 0) await add(url);
    const available = await availableRanges(url);
    const lost = verified.filter((piece) => !available.some((range) => holds(range, piece)));
    expect(lost, `verified pieces lost, seed ${seed}, round ${round}`).toEqual([]);
    const file = await readFile(join(folder.path, torrent.infoHash, torrent.name)).catch(() => Buffer.alloc(0));
    for (const range of available) await expectRight(film, file, { ...range, context: `seed ${seed}, round ${round}` });
    const lifeBytes = random.int(1, MAX_LIFE_BYTES);
    const sentBefore = source.counters.bytesSent;
    const playing = fetch(film).then((response) => response.arrayBuffer());
    playing.catch(() => undefined);
    await waitUntil("the moment has come", () => source.counters.bytesSent - sentBefore >= lifeBytes);
    // What it says that it has, and what its journal says: that may tell of more by the time it dies.
    const told = (await availableRanges(url)).flatMap((range) => piecesIn(range));
    await riptide.stop("SIGKILL");
    expect(riptide.child.signalCode).toBe("SIGKILL");
    verified = [...told, ...(await recordedPieces())];
  }
  expect(new Set(verified).size).toBeGreaterThan(ROUNDS);

  async function add(url: string): Promise<void> {
    const headers = { "content-type": "application/x-bittorrent" };
    const body = Buffer.from(torrent.torrentFile);
    expect((await fetch(`${url}/api/torrents`, { method: "POST", headers, body })).status).toBe(201);
  }

  /** What it calls verified, once it has looked. */
  async function availableRanges(url: string): Promise<readonly ByteRange[]> {
    const about = `${url}/api/torrents/${torrent.infoHash}`;
    if (verified.length > 0) {
      await waitUntil("the store is open", async () => (await answer<Torrent>(about)).verifiedBytes > 0);
    }
    return (await answer<FileMap>(`${about}/files/0/map`)).available;
  }

  /** What it serves there is what the source has, and so is what lies on the disk. */
  async function expectRight(
    film: string,
    file: Buffer,
    { start, end, context }: ByteRange & { context: string },
  ): Promise<void> {
    const truth = createHash("sha256").update(torrent.bytes.subarray(start, end)).digest("hex");
    const response = await fetch(film, { headers: { range: `bytes=${start}-${end - 1}` } });
    const served = createHash("sha256").update(Buffer.from(await response.arrayBuffer()));
    expect(served.digest("hex"), `served from ${start}, ${context}`).toBe(truth);
    const stored = createHash("sha256").update(file.subarray(start, end));
    expect(stored.digest("hex"), `stored from ${start}, ${context}`).toBe(truth);
  }

  function holds({ start, end }: ByteRange, piece: number): boolean {
    return (
      start <= piece * PIECE_LENGTH_BYTES && end >= Math.min(torrent.bytes.length, (piece + 1) * PIECE_LENGTH_BYTES)
    );
  }

  function piecesIn(range: ByteRange): readonly number[] {
    const pieceCount = Math.ceil(torrent.bytes.length / PIECE_LENGTH_BYTES);
    return Array.from({ length: pieceCount }, (_, piece) => piece).filter((piece) => holds(range, piece));
  }

  async function recordedPieces(): Promise<readonly number[]> {
    const path = join(folder.path, torrent.infoHash, ".riptide", "verified");
    const journal = await readFile(path).catch(() => undefined);
    if (journal === undefined) return [];
    return decodeJournal(journal, parseTorrentFile(torrent.torrentFile)).pieces;
  }
});

async function answer<Body>(url: string): Promise<Body> {
  return (await (await fetch(url)).json()) as Body;
}

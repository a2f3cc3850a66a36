import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createRandom } from "@riptide/sim";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { type TemporaryFolder, temporaryFolder } from "../../../../test/support/temporary-folder.ts";
import { crashTorrent } from "./crash-torrent.ts";
import { NEVER, StorageBench, setBits, sha1 } from "./sample-torrent.ts";

const ROUNDS = 20;
const TORRENT = crashTorrent();
const CHILD = fileURLToPath(new URL("crash-child.ts", import.meta.url));
const BUNDLER = new URL("../../../../scripts/lib/program.mjs", import.meta.url).href;

/** As JavaScript: each child would translate the source anew. */
let programs: TemporaryFolder;
beforeAll(async () => {
  programs = await temporaryFolder("crash-child");
  const { bundleScript } = (await import(BUNDLER)) as {
    readonly bundleScript: (name: string, path: string, folder: string) => Promise<unknown>;
  };
  await bundleScript("crash-child", CHILD, programs.path);
});
afterAll(() => programs[Symbol.asyncDispose]());

let bench: StorageBench;
beforeEach(async () => {
  bench = await StorageBench.create();
});
afterEach(() => bench.dispose());

it(`keeps every verified piece and believes no wrong one over ${ROUNDS} deaths by SIGKILL`, {
  timeout: 120_000,
}, async () => {
  const random = createRandom(2026);
  const reported = new Set<number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const piece of await downloadUntilKilled(round, random.int(1, 40))) reported.add(piece);
    const store = await bench.open(TORRENT);
    const verified = setBits(store.verified);
    const lost = [...reported].filter((piece) => !verified.includes(piece));
    expect(lost, `verified pieces lost in round ${round}`).toEqual([]);
    for (const piece of verified) {
      const start = piece * TORRENT.pieceLengthBytes;
      const bytes = await store.read(start, TORRENT.pieceBytes(piece).length, { signal: NEVER });
      const isRight = sha1(bytes).equals(TORRENT.pieceHashes.subarray(piece * 20, piece * 20 + 20));
      expect(isRight, `piece ${piece} in round ${round}`).toBe(true);
    }
    for (const { piece } of await store.loadPartials()) expect(verified).not.toContain(piece);
    // Half of the time the next child finds things as a crash left them, the stamps of an orderly end missing.
    if (round % 2 === 0) await store.close();
  }
  expect(reported.size).toBeGreaterThan(ROUNDS);
});

/** Runs a child until it has reported so many pieces, kills it, and gives the pieces it had reported by then. */
async function downloadUntilKilled(seed: number, reports: number): Promise<number[]> {
  const child = spawn(process.execPath, [join(programs.path, "crash-child.mjs"), bench.torrentFolder, String(seed)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const pieces: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    expect(line).toMatch(/^\d+$/);
    pieces.push(Number(line));
    if (pieces.length === reports) child.kill("SIGKILL");
  }
  if (child.exitCode === null && child.signalCode === null) {
    await new Promise((resolve) => {
      child.once("exit", resolve);
    });
  }
  expect(child.signalCode).toBe("SIGKILL");
  return pieces;
}

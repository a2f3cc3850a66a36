import { createHash } from "node:crypto";
import { readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createRandom } from "@riptide/sim";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isFilmRight, type OneTorrent, oneTorrent } from "../support/one-torrent.ts";

let one: OneTorrent;
/** A film that is there, all of it, and a server that has ended. */
beforeAll(async () => {
  one = await oneTorrent({ lengthBytes: 2_000_000 });
  await using server = await one.start();
  if (!(await isFilmRight(server.film, one.torrent))) throw new Error("The film is wrong before anything is damaged");
  await server.process.stop();
});
afterAll(() => one[Symbol.asyncDispose]());

/** All that is stored about the torrent besides its bytes. */
async function stateFiles(): Promise<string[]> {
  const folder = join(one.folder.path, one.torrent.infoHash, ".riptide");
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith(".corrupt"));
  return files.map(({ name }) => join(folder, name)).sort();
}

// A journal that is cut short is what a crash leaves: what it still says holds, and what it does not say is fetched again.
test.each([
  ["random bytes", async (path: string) => writeFile(path, createRandom(7).bytes(1_000)), 0],
  ["half of it", async (path: string) => truncate(path, Math.floor((await readFile(path)).length / 2)), 0.7],
  ["nothing", async (path: string) => writeFile(path, ""), 0],
])("F25 state files that hold %s are put aside, and no byte is wrong", async (_what, damage, fetchedShareMax) => {
  const files = await stateFiles();
  expect(files.length).toBeGreaterThanOrEqual(3);
  const damaged = new Map<string, string>();
  for (const path of files) {
    await damage(path);
    damaged.set(path, hashOf(await readFile(path)));
    await rm(`${path}.corrupt`, { force: true });
  }
  const sentBefore = one.seed.counters.bytesSent;
  await using server = await one.start();
  expect(await isFilmRight(server.film, one.torrent)).toBe(true);
  // Without a journal, pieces that lie there are found by their hashes, not fetched.
  const fetchedBytes = one.seed.counters.bytesSent - sentBefore;
  expect(fetchedBytes).toBeLessThanOrEqual(one.torrent.bytes.length * fetchedShareMax);
  expect(await server.process.stop()).toBe(0);
  // A person can look at what nothing else says as well.
  for (const path of files.filter((file) => /(info|torrent\.json)$/.test(file))) {
    expect(hashOf(await readFile(`${path}.corrupt`))).toBe(damaged.get(path));
  }
  // They were written anew.
  const journal = files.find((path) => path.endsWith("verified"))!;
  expect(hashOf(await readFile(journal))).not.toBe(damaged.get(journal));
});

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { lstat, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type PieceProvider, RiptideError } from "@riptide/core";
import { createRandom } from "@riptide/sim";
import { parseTorrentFile } from "@riptide/swarm";
import { describe, expect, it } from "vitest";
import { encodeBencode } from "../../packages/swarm/src/metainfo/index.ts";
import { startScriptedSeed } from "../support/scripted-seed.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { never, readRange, startTestEngine, type TestEngine } from "../support/test-engine.ts";

const CORPUS = new URL("../../packages/swarm/test/metainfo/corpus/", import.meta.url);
const PIECE_LENGTH_BYTES = 16 * 1024;

/** A data folder in a folder of its own, which tells what lies around it. */
async function createYard() {
  const folder = await temporaryFolder("hostile");
  const dataDirectory = join(folder.path, "data");
  await mkdir(dataDirectory);
  await writeFile(join(folder.path, "mine.txt"), "not yours");
  return {
    dataDirectory,
    path: folder.path,
    /** Every path below the yard that is not in the folder of one of these torrents. */
    pathsOutside: async (infoHashes: readonly string[]): Promise<string[]> => {
      const paths = await readdir(folder.path, { recursive: true });
      return paths.filter((path) => !infoHashes.some((infoHash) => path.startsWith(`data/${infoHash}`))).sort();
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

describe("a torrent of the corpus", () => {
  it("is listed with its files or refused with a reason, and touches nothing but its folder", async () => {
    await using yard = await createYard();
    const names = readdirSync(CORPUS).filter((name) => name.endsWith(".torrent"));
    const listed: string[] = [];
    const refused: string[] = [];
    {
      await using us = await startTestEngine({ dataDirectory: yard.dataDirectory });
      for (const name of names) {
        const outcome = await us.engine.add(readFileSync(new URL(name, CORPUS)), { signal: never }).catch(String);
        if (typeof outcome === "string") refused.push(`${name}: ${outcome}`);
        else listed.push(outcome.infoHash);
      }
      expect([listed.length > 20, refused.length > 20, listed.length + refused.length]).toEqual([
        true,
        true,
        names.length,
      ]);
      for (const reason of refused) expect(reason).toMatch(/^\w+\.torrent: SourceError: [A-Z].*\.$/);
      await expectToBeServed(us, listed);
    }
    expect(await yard.pathsOutside(listed)).toEqual(["data", "mine.txt"]);
    // All that was listed is there again.
    await using again = await startTestEngine({ dataDirectory: yard.dataDirectory });
    expect(
      again.engine
        .list()
        .map(({ infoHash }) => infoHash)
        .sort(),
    ).toEqual([...new Set(listed)].sort());
  });
});

/** Every file opens, and a read that waits ends when it is told to. */
async function expectToBeServed({ engine }: TestEngine, infoHashes: readonly string[]): Promise<void> {
  for (const infoHash of infoHashes) {
    const { state, files } = engine.get(infoHash)!;
    expect([state, files.length > 0]).toEqual(["ready", true]);
    for (const { index, lengthBytes } of files.slice(0, 5)) {
      const { provider } = await engine.openFile(infoHash, index, { signal: never });
      expect([provider.sizeBytes, provider.available({ start: 0, end: lengthBytes })]).toEqual([lengthBytes, []]);
      if (lengthBytes > 0) await expectToBeAbortable(provider);
    }
  }
}

async function expectToBeAbortable(provider: PieceProvider): Promise<void> {
  const controller = new AbortController();
  const reading = provider.readAt(0, 1, { signal: controller.signal });
  const reason = new Error("enough");
  controller.abort(reason);
  await expect(reading).rejects.toBe(reason);
}

describe("a torrent with hostile names", () => {
  const paths = [
    ["..", "evil"],
    ["/absolute"],
    ["a", "..", "..", "up"],
    ["..\\windows"],
    ["CON"],
    ["nul\u0000byte"],
    ["line\r\nbreak"],
    ["long".repeat(100)],
    [".riptide", "verified"],
    [".riptide", "info"],
    ["Same"],
    ["same"],
    ["~root"],
    ["-y.mkv"],
    ["trailing. . ."],
  ];

  it("is downloaded whole, into its own folder", async () => {
    await using yard = await createYard();
    const torrent = createHostileTorrent(paths);
    await using seed = await startScriptedSeed({ torrent });
    await using us = await startTestEngine({ dataDirectory: yard.dataDirectory, peers: [seed.peer] });
    const { files } = await us.engine.add(torrent.torrentFile, { signal: never });
    expect(files).toHaveLength(paths.length);
    for (const { index } of files) {
      const { provider } = await us.engine.openFile(torrent.infoHash, index, { signal: never });
      const bytes = await readRange(provider, 0, provider.sizeBytes, AbortSignal.timeout(10_000));
      expect(Buffer.compare(bytes, torrent.fileBytes(index))).toBe(0);
    }
    expect(await yard.pathsOutside([torrent.infoHash])).toEqual(["data", "data/.riptide.lock", "mine.txt"]);
    const inside = await readdir(join(yard.dataDirectory, torrent.infoHash), { recursive: true, withFileTypes: true });
    expect(inside.filter((entry) => !entry.isFile() && !entry.isDirectory())).toEqual([]);
  });

  it("does not follow a link that was planted where it will be stored", async () => {
    await using yard = await createYard();
    const torrent = createHostileTorrent([["film.mkv"]]);
    const elsewhere = join(yard.path, "elsewhere");
    await mkdir(elsewhere);
    await symlink(elsewhere, join(yard.dataDirectory, torrent.infoHash));
    await using us = await startTestEngine({ dataDirectory: yard.dataDirectory });
    const adding = us.engine.add(torrent.torrentFile, { signal: never });
    await expect(adding).rejects.toSatisfy((error) => error instanceof RiptideError && error.code === "storage_failed");
    expect([us.engine.list(), await readdir(elsewhere)]).toEqual([[], []]);
    expect((await lstat(join(yard.dataDirectory, torrent.infoHash))).isSymbolicLink()).toBe(true);
  });
});

/** A torrent whose files have these paths, each 5,000 random bytes long. */
function createHostileTorrent(paths: readonly (readonly string[])[]) {
  const length = 5_000;
  const bytes = createRandom(9).bytes(paths.length * length);
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += PIECE_LENGTH_BYTES) {
    pieces.push(
      createHash("sha1")
        .update(bytes.subarray(at, at + PIECE_LENGTH_BYTES))
        .digest(),
    );
  }
  const files = paths.map((path) => ({ length, path: [...path] }));
  const info = { files, name: "../..", "piece length": PIECE_LENGTH_BYTES, pieces: Buffer.concat(pieces) };
  const torrentFile = encodeBencode({ info });
  return {
    bytes,
    torrentFile,
    infoHash: parseTorrentFile(torrentFile).infoHash,
    fileBytes: (index: number) => bytes.subarray(index * length, (index + 1) * length),
  };
}

import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { residentBytes } from "../support/resident-bytes.ts";
import { startQuietRiptide } from "../support/riptide.ts";
import { startScriptedSeed } from "../support/scripted-seed.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { createTestTorrent, type TestTorrent } from "../support/test-torrent.ts";

const MIB = 1024 * 1024;
const PIECE_LENGTH_BYTES = 16 * MIB;
const FILM_BYTES = 10 * PIECE_LENGTH_BYTES;
const PEERS = 30;
const READ_BYTES = 2 * PIECE_LENGTH_BYTES;
/**
 * What 3 readers and 30 peers may take on top of a server at rest: 64 MiB of pieces that are put together
 * (`PIECE_MEMORY_BYTES`), as much again that the garbage collector has not found yet, and what sockets and chunks take.
 */
const MAX_GROWTH_BYTES = 192 * MIB;

it("pieces of 16 MiB, 3 readers and 30 peers take a bounded amount of memory", async () => {
  await using torrent = await createTestTorrent({ lengthBytes: FILM_BYTES, pieceLengthBytes: PIECE_LENGTH_BYTES });
  await using seeds = await startSeeds(torrent);
  await using folder = await temporaryFolder("large-pieces");
  await using riptide = await startQuietRiptide(folder.path, ...seeds.peerOptions);
  await riptide.add(torrent.torrentFile);
  const restBytes = await residentBytes(riptide.process.child.pid!);
  const end = new AbortController();
  let maxBytes = 0;
  const watching = (async () => {
    while (!end.signal.aborted) {
      maxBytes = Math.max(maxBytes, await residentBytes(riptide.process.child.pid!));
      await delay(50);
    }
  })();
  const starts = [5, FILM_BYTES / 3, FILM_BYTES - READ_BYTES].map(Math.floor);
  const hashes = starts.map(async (start) => {
    const range = `bytes=${start}-${start + READ_BYTES - 1}`;
    const response = await fetch(`${riptide.url}/stream/${torrent.infoHash}/0/direct`, { headers: { range } });
    const hash = createHash("sha256");
    for await (const chunk of response.body!) hash.update(chunk);
    return hash.digest("hex");
  });
  expect(await Promise.all(hashes)).toEqual(
    starts.map((start) =>
      createHash("sha256")
        .update(torrent.bytes.subarray(start, start + READ_BYTES))
        .digest("hex"),
    ),
  );
  end.abort();
  await watching;
  console.log(`at rest ${Math.round(restBytes / MIB)} MiB, at most ${Math.round(maxBytes / MIB)} MiB`);
  expect(maxBytes - restBytes).toBeLessThan(MAX_GROWTH_BYTES);
});

async function startSeeds(torrent: TestTorrent): Promise<AsyncDisposable & { readonly peerOptions: string[] }> {
  const hosts = Array.from({ length: PEERS }, (_, index) => `127.0.0.${index + 1}`);
  const start = (host: string) => startScriptedSeed({ torrent, host, bytesPerSecond: 0.5 * MIB });
  const seeds = await Promise.all(hosts.map(start));
  return {
    peerOptions: seeds.map(({ peer }) => `--peer=${peer.host}:${peer.port}`),
    [Symbol.asyncDispose]: async () => {
      for (const seed of seeds) await seed[Symbol.asyncDispose]();
    },
  };
}

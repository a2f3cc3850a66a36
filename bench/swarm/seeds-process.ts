import { openSync, readFileSync, readSync } from "node:fs";
import { createInterface } from "node:readline";
import { parseTorrentFile } from "@riptide/swarm";
import { startScriptedSeed } from "../../test/support/scripted-seed.ts";
import type { SeedSpec } from "./scenarios.ts";

/**
 * `TORRENT FILE SEEDS_JSON`: the seeds of one swarm, in a process that does nothing else. Prints their addresses; a line
 * `FROM TO` (ms since 1970) is answered by the payload bytes that went out between them.
 */
const [torrentPath = "", filePath = "", specs = "[]"] = process.argv.slice(2);
const torrentFile = readFileSync(torrentPath);
const file = openSync(filePath, "r");
const read = (start: number, end: number): Uint8Array => {
  const bytes = Buffer.allocUnsafe(end - start);
  readSync(file, bytes, 0, bytes.length, start);
  return bytes;
};
const torrent = { torrentFile, infoHash: parseTorrentFile(torrentFile).infoHash, read };
const sent: { readonly atMs: number; readonly bytes: number }[] = [];
const seeds = await Promise.all(
  (JSON.parse(specs) as SeedSpec[]).map((spec) =>
    startScriptedSeed({
      ...spec,
      torrent,
      onBlockSent: ({ length }) => sent.push({ atMs: performance.timeOrigin + performance.now(), bytes: length }),
    }),
  ),
);
console.log(JSON.stringify(seeds.map(({ peer }) => peer)));
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const [fromMs = 0, toMs = 0] = line.split(" ").map(Number);
  const between = sent.filter(({ atMs }) => atMs > fromMs && atMs <= toMs);
  console.log(`sent ${line} ${between.reduce((sum, { bytes }) => sum + bytes, 0)}`);
});
lines.on("close", () => process.exit(0));

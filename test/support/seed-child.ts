/** A seed in a process of its own, for a place where the test is not: torrent file, data file, address, bytes per second. */
import { readFileSync } from "node:fs";
import { parseTorrentFile } from "@riptide/swarm";
import { startScriptedSeed } from "./scripted-seed.ts";

const [torrentPath = "", filePath = "", host = "", rate = ""] = process.argv.slice(2);
const torrentFile = readFileSync(torrentPath);
const bytes = readFileSync(filePath);
const { infoHash } = parseTorrentFile(torrentFile);
const seed = await startScriptedSeed({
  torrent: { infoHash, torrentFile, bytes },
  host,
  bytesPerSecond: Number(rate),
  connected: () => console.log("connected"),
});
console.log(`listens at ${seed.peer.port}`);

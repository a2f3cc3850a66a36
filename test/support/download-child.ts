import { readFile } from "node:fs/promises";
import { openTorrentEngine } from "@riptide/swarm";
import { never, QUIET_SETTINGS, readRange, realClock } from "./test-engine.ts";

/** `DATA_DIRECTORY TORRENT_PATH PEER_PORT`: downloads the torrent's first file; the test ends this process as it likes. */
const [dataDirectory = "", torrentPath = "", port = ""] = process.argv.slice(2);
const engine = await openTorrentEngine({
  dataDirectory,
  settings: QUIET_SETTINGS,
  peers: [{ host: "127.0.0.1", port: Number(port) }],
  clock: realClock,
});
const { infoHash } = await engine.add(await readFile(torrentPath), { signal: never });
const { provider } = await engine.openFile(infoHash, 0, { signal: never });
await readRange(provider);
process.stdout.write("complete\n");

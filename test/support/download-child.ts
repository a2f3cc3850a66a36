import { readFile } from "node:fs/promises";
import { openTorrentEngine } from "@riptide/swarm";
import { never, readRange, realClock } from "./test-engine.ts";

/** `DATA_DIRECTORY TORRENT_PATH PEER_PORT`: downloads the torrent's first file; the test ends this process as it likes. */
const [dataDirectory = "", torrentPath = "", port = ""] = process.argv.slice(2);
const engine = await openTorrentEngine({
  dataDirectory,
  settings: { peerHost: "127.0.0.1", peerPort: 0, dht: undefined, lsd: false, uploadBytesPerSecond: undefined },
  peers: [{ host: "127.0.0.1", port: Number(port) }],
  clock: realClock,
});
const { infoHash } = await engine.add(await readFile(torrentPath), { signal: never });
const { provider } = await engine.openFile(infoHash, 0, { signal: never });
await readRange(provider);
process.stdout.write("complete\n");

import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { PeerAddress } from "@riptide/swarm";
import { createWebtorrent } from "../webtorrent-client.ts";

interface Settings {
  readonly torrentPaths: readonly string[];
  readonly peers: readonly PeerAddress[];
  readonly saveDirectory: string;
  readonly residentCount: number;
}

/** WebTorrent and its HTTP server as they come, but for all that looks for peers. Prints where the films are once the first are there. */
const settings = JSON.parse(process.argv[2]!) as Settings;
const client = await createWebtorrent();
client.on("error", (error: unknown) => console.error(error));
const server = client.createServer({ hostname: "127.0.0.1" });
server.listen(0, "127.0.0.1");
await once(server.server, "listening");
const torrents = await Promise.all(
  settings.torrentPaths.map(async (path, index) => {
    const isResident = index < settings.residentCount;
    const options = { path: settings.saveDirectory, announce: [], deselect: !isResident };
    const torrent = client.add(readFileSync(path), options);
    await once(torrent, "ready");
    const { host, port } = settings.peers[index]!;
    torrent.addPeer(`${host}:${port}`);
    if (isResident && !torrent.done) await once(torrent, "done");
    return torrent;
  }),
);
const { port } = server.address();
console.log(JSON.stringify(torrents.map(({ files }) => new URL(files[0].streamURL, `http://127.0.0.1:${port}`).href)));
process.stdin.on("end", () => process.exit(0)).resume();

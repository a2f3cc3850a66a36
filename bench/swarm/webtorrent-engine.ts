import { once } from "node:events";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { ArmEngine, ArmSettings } from "./arm-process.ts";

/** A peer to be measured against, never a dependency: `scripts/lib/install.mjs` puts it into a folder of its own. */
const FOLDER = fileURLToPath(new URL("../../.cache/webtorrent/", import.meta.url));

/** WebTorrent as it comes, but for all that looks for peers, and for encryption, which it would insist on. */
export async function openWebtorrent({ torrentPath, saveDirectory, peers }: ArmSettings): Promise<ArmEngine> {
  const { default: WebTorrent } = await import(`${FOLDER}node_modules/webtorrent/index.js`);
  const client = new WebTorrent({
    dht: false,
    lsd: false,
    tracker: false,
    utPex: false,
    utp: false,
    natUpnp: false,
    natPmp: false,
    webSeeds: false,
    secure: 0,
  });
  // Nothing is fetched but what is read.
  const open = async (deselect: boolean) => {
    const torrent = client.add(torrentPath, { path: saveDirectory, announce: [], deselect });
    await once(torrent, "ready");
    for (const { host, port } of peers) torrent.addPeer(`${host}:${port}`);
    return torrent;
  };
  let torrent: Awaited<ReturnType<typeof open>>;
  return {
    add: async () => {
      torrent = await open(true);
    },
    read: (offset, onBytes) => {
      const stream: Readable = torrent.files[0].createReadStream({ start: offset, end: torrent.length - 1 });
      stream.on("data", (chunk: Uint8Array) => onBytes(chunk.length));
      stream.on("error", () => undefined);
      return { close: () => void stream.destroy() };
    },
    fetchWhole: async () => {
      torrent = await open(false);
      if (!torrent.done) await once(torrent, "done");
    },
  };
}

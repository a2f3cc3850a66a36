import { once } from "node:events";
import type { Readable } from "node:stream";
import { createWebtorrent } from "../webtorrent-client.ts";
import type { ArmEngine, ArmSettings } from "./arm-process.ts";

/** WebTorrent as it comes. */
export async function openWebtorrent({ torrentPath, saveDirectory, peers }: ArmSettings): Promise<ArmEngine> {
  const client = await createWebtorrent();
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
    forget: () => new Promise<void>((resolve) => torrent.destroy({ destroyStore: true }, () => resolve())),
  };
}

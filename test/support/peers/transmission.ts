import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../free-port.ts";
import { startProcess } from "../processes.ts";
import { waitUntil } from "../wait.ts";

export interface TransmissionOptions {
  /** A .torrent file, or a magnet. */
  readonly source: string;
  readonly saveDirectory: string;
  readonly encryption: "required" | "preferred" | "tolerated";
}

export interface TransmissionPeer extends AsyncDisposable {
  readonly port: number;
  /** Share of the torrent that is there, 0 to 1. */
  progress(): Promise<number>;
  /** Whether the connection is encrypted, of each peer. */
  encryptedPeers(): Promise<boolean[]>;
}

const ENCRYPTION_FLAGS = { required: "-er", preferred: "-ep", tolerated: "-et" };

/** A transmission daemon with one torrent: seeds what lies in the folder, and fetches the rest from the tracker. */
export async function startTransmission(options: TransmissionOptions): Promise<TransmissionPeer> {
  const config = await mkdtemp(join(tmpdir(), "riptide-transmission-"));
  const [port, rpcPort] = [await freePort(), await freePort()];
  const process = startProcess("transmission-daemon", [
    "--foreground",
    `--config-dir=${config}`,
    `--download-dir=${options.saveDirectory}`,
    `--peerport=${port}`,
    `--port=${rpcPort}`,
    "--rpc-bind-address=127.0.0.1",
    "--no-auth",
    "--no-dht",
    "--no-lpd",
    "--no-portmap",
    "--no-utp",
    "--no-incomplete-dir",
    ENCRYPTION_FLAGS[options.encryption],
  ]);
  const rpc = createRpc(`http://127.0.0.1:${rpcPort}/transmission/rpc`);
  const stop = async (): Promise<void> => {
    await process.stop();
    await rm(config, { recursive: true, force: true });
  };
  try {
    await waitUntil("transmission answers", () => rpc("session-get", {}).catch(() => undefined));
    const { source } = options;
    const what = source.startsWith("magnet:")
      ? { filename: source }
      : { metainfo: (await readFile(source)).toString("base64") };
    await rpc("torrent-add", { ...what, "download-dir": options.saveDirectory });
    await waitUntil("transmission has checked its files", async () => {
      const [torrent] = (await rpc("torrent-get", { fields: ["status"] }))["torrents"] as { status: number }[];
      return torrent !== undefined && torrent.status >= 4;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    port,
    progress: async () => {
      const { torrents } = await rpc("torrent-get", { fields: ["percentDone"] });
      return (torrents as { percentDone: number }[])[0]!.percentDone;
    },
    encryptedPeers: async () => {
      const { torrents } = await rpc("torrent-get", { fields: ["peers"] });
      const [{ peers }] = torrents as [{ peers: { isEncrypted: boolean }[] }];
      return peers.map(({ isEncrypted }) => isEncrypted);
    },
    [Symbol.asyncDispose]: stop,
  };
}

function createRpc(url: string) {
  let session = "";
  return async (method: string, values: object): Promise<Record<string, unknown>> => {
    for (;;) {
      const response = await fetch(url, {
        method: "POST",
        headers: { "x-transmission-session-id": session },
        body: JSON.stringify({ method, arguments: values }),
      });
      if (response.status === 409) {
        session = response.headers.get("x-transmission-session-id") ?? "";
        await response.body?.cancel();
        continue;
      }
      return ((await response.json()) as { arguments: Record<string, unknown> }).arguments;
    }
  };
}

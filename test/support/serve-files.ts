import { fileURLToPath } from "node:url";
import { clockFrom } from "@riptide/core";
import { createApp, hostPolicy, listen } from "@riptide/http";
import { createSimulatedTorrentEngine } from "@riptide/sim";
import { createStreamFactory } from "@riptide/stream";
import { discoverFfmpeg } from "@riptide/transcode";

/** The torrent that `serveFiles` has. */
export const SERVED_INFO_HASH = "a".repeat(40);

const WEB_ROOT = fileURLToPath(new URL("../../packages/web/dist", import.meta.url));
const never = new AbortController().signal;

export interface ServedFiles extends AsyncDisposable {
  readonly url: string;
}

/** The server with its page, and one torrent of these files that is there as a whole. */
export async function serveFiles(
  files: readonly { readonly path: string; readonly bytes: Uint8Array }[],
): Promise<ServedFiles> {
  const clock = clockFrom({ nowMs: () => performance.now(), setTimeout, clearTimeout });
  const seed = { infoHash: SERVED_INFO_HASH, name: "Every file", files };
  const engine = createSimulatedTorrentEngine({ clock, torrents: [seed] });
  await engine.add(SERVED_INFO_HASH, { signal: never });
  const ffmpeg = await discoverFfmpeg({ signal: never });
  const streams = createStreamFactory({ ffmpeg, clock });
  const allowedHosts = hostPolicy({ boundTo: "127.0.0.1" });
  const app = createApp({ engine, streams, clock, allowedHosts, version: "0", webRoot: WEB_ROOT });
  const listener = await listen(app, { host: "127.0.0.1", port: 0 });
  return {
    url: listener.url,
    [Symbol.asyncDispose]: async () => {
      await listener.close({ graceMs: 0 });
      await streams[Symbol.asyncDispose]();
      await engine.close();
    },
  };
}

import { RiptideError } from "@riptide/core";
import { checkHolePunching, openLibrary } from "../storage/index.ts";
import { checkNetwork } from "./check-network.ts";
import type { RiptideTorrentEngine, TorrentEngineOptions } from "./riptide-torrent-engine.ts";
import { ThreadedTorrentEngine } from "./torrent-engine.ts";

/**
 * Opens the torrents of a data folder and starts their session in a worker thread.
 * Rejects with a `RiptideError` if the folder cannot be used, or not within a bound (`storage_failed`; `disk_full` where not even a name
 * fits), or if this machine cannot listen for peers at the address of the settings (`engine_unavailable`).
 */
export async function openTorrentEngine(options: TorrentEngineOptions): Promise<RiptideTorrentEngine> {
  await checkNetwork(options.settings);
  const library = await openLibrary(options.dataDirectory);
  try {
    if (options.maxDiskBytes !== undefined) await checkHolePunching(options.dataDirectory);
  } catch (error) {
    // A full disk says nothing of holes, and what is there plays.
    if (!(error instanceof RiptideError && error.code === "disk_full")) {
      await library.close();
      throw error;
    }
  }
  return new ThreadedTorrentEngine(options, library);
}

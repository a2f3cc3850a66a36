import type { ServerEvents, Torrent, TorrentFile } from "@riptide/http";
import { eventsUrl } from "./client.ts";

/** A browser gives up on an event stream that was answered with an error; after this long we open it again. */
const REOPEN_MS = 3_000;

export interface LiveListener {
  /** Ends it when aborted. */
  readonly signal: AbortSignal;
  /** Everything there is; what is missing is gone. */
  onSnapshot(torrents: readonly Torrent[]): void;
  onTorrent(torrent: Torrent): void;
  onRemoved(infoHash: string): void;
  onConnected(isConnected: boolean): void;
}

/** Follows the server's events until it is aborted, across restarts of the server. */
export function follow(listener: LiveListener): void {
  const { signal } = listener;
  if (signal.aborted) return;
  const source = new EventSource(eventsUrl());
  signal.addEventListener("abort", () => source.close());
  const known = new Map<string, Torrent>();
  const tell = (torrent: Torrent): void => {
    known.set(torrent.infoHash, torrent);
    listener.onTorrent(torrent);
  };
  const on = <Name extends keyof ServerEvents>(name: Name, handle: (data: ServerEvents[Name]) => void): void => {
    source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
  };
  on("snapshot", ({ torrents }) => {
    known.clear();
    for (const torrent of torrents) known.set(torrent.infoHash, torrent);
    listener.onConnected(true);
    listener.onSnapshot(torrents);
  });
  on("added", tell);
  on("updated", (update) => tell({ ...update, files: mergeFiles(known.get(update.infoHash)?.files, update.files) }));
  on("removed", ({ infoHash }) => {
    known.delete(infoHash);
    listener.onRemoved(infoHash);
  });
  source.addEventListener("error", () => {
    if (signal.aborted) return;
    listener.onConnected(false);
    if (source.readyState === EventSource.CLOSED) setTimeout(() => follow(listener), REOPEN_MS);
  });
}

/** An update names only the files that are new or have changed. */
function mergeFiles(known: readonly TorrentFile[] = [], changed: readonly TorrentFile[]): TorrentFile[] {
  const byIndex = new Map([...known, ...changed].map((file) => [file.index, file]));
  return [...byIndex.values()];
}

import type { EngineHealth, FileReference, ServerEvents, Torrent, TorrentFile, Viewing } from "@riptide/http";
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
  onViewing(viewing: Viewing): void;
  onViewingRemoved(file: FileReference): void;
  onEngine(health: EngineHealth): void;
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
  on("snapshot", ({ torrents, engine }) => {
    known.clear();
    for (const torrent of torrents) known.set(torrent.infoHash, torrent);
    listener.onConnected(true);
    listener.onEngine(engine);
    listener.onSnapshot(torrents);
  });
  on("engine", (health) => listener.onEngine(health));
  on("added", tell);
  on("updated", (update) => tell({ ...update, files: mergeFiles(known.get(update.infoHash)?.files, update.files) }));
  on("removed", ({ infoHash }) => {
    known.delete(infoHash);
    listener.onRemoved(infoHash);
  });
  on("viewing", (viewing) => listener.onViewing(viewing));
  on("viewingRemoved", (file) => listener.onViewingRemoved(file));
  source.addEventListener("error", () => {
    if (signal.aborted) return;
    listener.onConnected(false);
    if (source.readyState === EventSource.CLOSED) setTimeout(() => follow(listener), REOPEN_MS);
  });
}

/** An update names only the files that are new or have changed. There may be 100 000 others, which are only copied. */
function mergeFiles(known: readonly TorrentFile[] = [], changed: readonly TorrentFile[]): TorrentFile[] {
  const merged = [...known];
  for (const file of changed) {
    const at = positionOf(file.index, merged);
    merged.splice(at, merged[at]?.index === file.index ? 1 : 0, file);
  }
  return merged;
}

/** Where a file of this index is, or belongs, in a list in the order of indexes; some may be missing, as padding is not listed. */
function positionOf(index: number, files: readonly TorrentFile[]): number {
  let from = 0;
  let to = files.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (files[middle]!.index < index) from = middle + 1;
    else to = middle;
  }
  return from;
}

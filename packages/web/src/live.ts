import type { ServerEvents, Torrent } from "@riptide/http";
import { eventsUrl } from "./api.ts";

/** A browser gives up on an event stream that was answered with an error; after this long we open it again. */
const REOPEN_MS = 3_000;

export interface LiveListener {
  /** Everything there is; what is missing is gone. */
  onSnapshot(torrents: readonly Torrent[]): void;
  onTorrent(torrent: Torrent): void;
  onRemoved(infoHash: string): void;
  onConnected(isConnected: boolean): void;
}

/** Follows the server's events for as long as the page is open, across restarts of the server. */
export function follow(listener: LiveListener): void {
  const source = new EventSource(eventsUrl());
  const on = <Name extends keyof ServerEvents>(name: Name, handle: (data: ServerEvents[Name]) => void): void => {
    source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
  };
  on("snapshot", ({ torrents }) => {
    listener.onConnected(true);
    listener.onSnapshot(torrents);
  });
  on("added", (torrent) => listener.onTorrent(torrent));
  on("updated", (torrent) => listener.onTorrent(torrent));
  on("removed", ({ infoHash }) => listener.onRemoved(infoHash));
  source.addEventListener("error", () => {
    listener.onConnected(false);
    if (source.readyState === EventSource.CLOSED) setTimeout(() => follow(listener), REOPEN_MS);
  });
}

import type { EngineEvent, EngineHealth, TorrentFileSummary, TorrentStatus, ViewingEvent } from "@riptide/core";
import type { ServerEvents } from "./api-schemas.ts";
import type { StreamEvent } from "./stream-activity.ts";
import { torrentView } from "./torrent-view.ts";
import { viewingView } from "./viewing-view.ts";

/** One event for `/api/events`, with the data that belongs to its name. */
export type ServerEvent = {
  [Name in keyof ServerEvents]: { name: Name; data: ServerEvents[Name] };
}[keyof ServerEvents];

/** News of torrents, streams and viewings that one slow client may have waiting; beyond that a fresh snapshot is smaller. */
const PENDING_MAX = 1000;

/** The latest of a torrent that the client has not been told. */
type News =
  | { readonly name: "added" | "updated"; readonly torrent: TorrentStatus }
  | { readonly name: "removed"; readonly infoHash: string };

/**
 * What one client has not been told yet. Bounded: of each torrent only the latest news counts, and too much news
 * becomes one snapshot. The first thing that every client is told is a snapshot.
 *
 * An update holds only the files that are new to the client or have changed: a torrent may hold 100 000, and to write all of
 * them twice a second took the event loop 100 ms each time.
 */
export class PendingEvents {
  readonly #news = new Map<string, News>();
  /** The files of each torrent as the client knows them. */
  readonly #toldFiles = new Map<string, readonly TorrentFileSummary[]>();
  /** By type and file: a player may start ten streams a second, of which one is news. */
  readonly #streams = new Map<string, StreamEvent>();
  /** By file: only the latest counts. A snapshot holds none: whoever gets one asks for all viewings. */
  readonly #viewings = new Map<string, ViewingEvent>();
  #health: EngineHealth | undefined;
  #owesSnapshot = true;

  add(event: EngineEvent | StreamEvent | ViewingEvent): void {
    if (this.#owesSnapshot) return; // the snapshot is taken when it is sent, and will hold this
    switch (event.type) {
      case "engine":
        this.#health = event.health;
        break;
      case "streamStarted":
      case "streamStalled":
        this.#streams.set(`${event.type} ${fileKey(event)}`, event);
        break;
      case "viewing":
        this.#viewings.set(fileKey(event.viewing), event);
        break;
      case "viewingRemoved":
        this.#viewings.set(fileKey(event), event);
        break;
      case "removed":
        this.#news.set(event.infoHash, { name: "removed", infoHash: event.infoHash });
        break;
      case "added":
      case "updated":
        this.#upsert(event.type, event.torrent);
    }
    if (this.#news.size + this.#streams.size + this.#viewings.size > PENDING_MAX) this.#fallBackToSnapshot();
  }

  /** The next event to send, or `undefined` if the client knows everything. `now` tells the state of the engine. */
  take(
    now: () => { readonly torrents: readonly TorrentStatus[]; readonly engine: EngineHealth },
  ): ServerEvent | undefined {
    if (this.#owesSnapshot) {
      this.#owesSnapshot = false;
      const { torrents, engine } = now();
      for (const torrent of torrents) this.#toldFiles.set(torrent.infoHash, torrent.files);
      return { name: "snapshot", data: { torrents: torrents.map((torrent) => torrentView(torrent)), engine } };
    }
    if (this.#health !== undefined) {
      const data = this.#health;
      this.#health = undefined;
      return { name: "engine", data };
    }
    for (const [infoHash, news] of this.#news) {
      this.#news.delete(infoHash);
      return this.#tell(news);
    }
    for (const [key, { type, infoHash, index }] of this.#streams) {
      this.#streams.delete(key);
      return { name: type, data: { infoHash, index } };
    }
    for (const [key, event] of this.#viewings) {
      this.#viewings.delete(key);
      if (event.type === "viewing") return { name: "viewing", data: viewingView(event.viewing) };
      return { name: "viewingRemoved", data: { infoHash: event.infoHash, index: event.index } };
    }
    return undefined;
  }

  #upsert(name: "added" | "updated", torrent: TorrentStatus): void {
    const isUntold = this.#news.get(torrent.infoHash)?.name === "added";
    this.#news.set(torrent.infoHash, { name: isUntold ? "added" : name, torrent });
  }

  #tell(news: News): ServerEvent {
    if (news.name === "removed") {
      this.#toldFiles.delete(news.infoHash);
      return { name: "removed", data: { infoHash: news.infoHash } };
    }
    const { name, torrent } = news;
    const told = name === "added" ? [] : (this.#toldFiles.get(torrent.infoHash) ?? []);
    this.#toldFiles.set(torrent.infoHash, torrent.files);
    const files = torrent.files.filter(({ verifiedBytes }, at) => told[at]?.verifiedBytes !== verifiedBytes);
    return { name, data: torrentView(torrent, files) };
  }

  #fallBackToSnapshot(): void {
    this.#news.clear();
    this.#streams.clear();
    this.#viewings.clear();
    this.#toldFiles.clear();
    this.#health = undefined;
    this.#owesSnapshot = true;
  }
}

function fileKey({ infoHash, index }: { readonly infoHash: string; readonly index: number }): string {
  return `${infoHash}-${index}`;
}

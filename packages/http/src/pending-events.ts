import type { EngineEvent, EngineHealth } from "@riptide/core";
import type { ServerEvents, Torrent } from "./api-schemas.ts";
import { torrentView } from "./torrent-view.ts";

/** One event for `/api/events`, with the data that belongs to its name. */
export type ServerEvent = {
  [Name in keyof ServerEvents]: { name: Name; data: ServerEvents[Name] };
}[keyof ServerEvents];

/** Torrents with news that one slow client may have waiting; beyond that a fresh snapshot is smaller. */
const PENDING_TORRENTS_MAX = 1000;

/**
 * What one client has not been told yet. Bounded: of each torrent only the latest news counts, and too much news
 * becomes one snapshot. The first thing that every client is told is a snapshot.
 */
export class PendingEvents {
  readonly #torrents = new Map<string, ServerEvent>();
  #health: EngineHealth | undefined;
  #owesSnapshot = true;

  add(event: EngineEvent): void {
    if (this.#owesSnapshot) return; // the snapshot is taken when it is sent, and will hold this
    if (event.type === "engine") {
      this.#health = event.health;
    } else if (event.type === "removed") {
      this.#torrents.set(event.infoHash, { name: "removed", data: { infoHash: event.infoHash } });
    } else {
      this.#upsert(event.type, torrentView(event.torrent));
    }
    if (this.#torrents.size > PENDING_TORRENTS_MAX) this.#fallBackToSnapshot();
  }

  /** The next event to send, or `undefined` if the client knows everything. */
  take(snapshot: () => ServerEvents["snapshot"]): ServerEvent | undefined {
    if (this.#owesSnapshot) {
      this.#owesSnapshot = false;
      return { name: "snapshot", data: snapshot() };
    }
    if (this.#health !== undefined) {
      const data = this.#health;
      this.#health = undefined;
      return { name: "engine", data };
    }
    for (const [infoHash, event] of this.#torrents) {
      this.#torrents.delete(infoHash);
      return event;
    }
    return undefined;
  }

  #upsert(name: "added" | "updated", data: Torrent): void {
    const isUntold = this.#torrents.get(data.infoHash)?.name === "added";
    this.#torrents.set(data.infoHash, { name: isUntold ? "added" : name, data });
  }

  #fallBackToSnapshot(): void {
    this.#torrents.clear();
    this.#health = undefined;
    this.#owesSnapshot = true;
  }
}

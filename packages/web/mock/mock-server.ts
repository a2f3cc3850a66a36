import type {
  AddTorrent,
  FileMap,
  MediaInfo,
  Playback,
  Problem,
  RecordViewing,
  SecondsRange,
  ServerEvents,
  Torrent,
  TorrentFile,
  Viewing,
} from "@riptide/http";
import { CROWD, crowd, file, firstTorrents, firstViewings, torrentOf } from "./torrents.ts";

export interface MockRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body: string;
}

/** JSON, or nothing at all. */
export interface MockAnswer {
  readonly status: number;
  readonly json?: unknown;
}

export type MockEvent = {
  [Name in keyof ServerEvents]: { readonly name: Name; readonly data: ServerEvents[Name] };
}[keyof ServerEvents];

/** After this long, a magnet's metadata comes. */
const METADATA_MS = 3_000;

/**
 * Riptide's API without a swarm: torrents that come by themselves as time goes on, and everything that the page may ask. Answers are of
 * the shapes of the server's schemas; streams are not its business.
 */
export class MockServer {
  #torrents = firstTorrents();
  #viewings: Viewing[] = firstViewings();
  readonly #addedAtMs = new Map<string, number>();
  readonly #listeners = new Set<(event: MockEvent) => void>();
  readonly #nowMs: () => number;

  constructor({ nowMs }: { readonly nowMs: () => number }) {
    this.#nowMs = nowMs;
  }

  snapshot(): MockEvent {
    return { name: "snapshot", data: { torrents: this.#torrents, engine: { state: "running", restarts: 0 } } };
  }

  subscribe(listener: (event: MockEvent) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  /** Time has passed: what is being read comes, and metadata that was waited for. */
  advance(seconds: number): void {
    for (const torrent of this.#torrents) {
      const addedAtMs = this.#addedAtMs.get(torrent.infoHash);
      if (addedAtMs !== undefined && this.#nowMs() - addedAtMs >= METADATA_MS) this.#receiveMetadata(torrent);
      else if (torrent.activeDemands > 0) this.#download(torrent, seconds);
    }
  }

  answer({ method, path, body }: MockRequest): MockAnswer {
    const [pathname = ""] = path.split("?");
    if (pathname === "/api/viewings") return { status: 200, json: { viewings: this.#viewings } };
    if (pathname === "/api/torrents" && method === "POST") return this.#add(body);
    if (pathname === "/api/torrents") return { status: 200, json: { torrents: this.#torrents } };
    const [, infoHash, index, part = ""] =
      /^\/api\/torrents\/([0-9a-f]{40})(?:\/files\/(\d+)(?:\/(\w+))?)?$/.exec(pathname) ?? [];
    const torrent = this.#torrents.find((each) => each.infoHash === infoHash);
    if (torrent === undefined) return problem(404, "torrent_not_found", "There is no such torrent. Add it first.");
    if (index === undefined) return method === "DELETE" ? this.#remove(torrent) : { status: 200, json: torrent };
    const found = torrent.files.find((each) => each.index === Number(index));
    if (found === undefined) return problem(404, "file_not_found", "This torrent has no such file.");
    return this.#answerOfFile({ torrent, file: found }, `${method} ${part}`.trim(), body);
  }

  #answerOfFile(target: Target, wanted: string, body: string): MockAnswer {
    const { torrent, file: found } = target;
    switch (wanted) {
      case "GET":
        return { status: 200, json: mediaOf(found) };
      case "GET chapters":
        return { status: 200, json: { chapters: [] } };
      case "GET attachments":
        return { status: 200, json: { attachments: [] } };
      case "GET map":
        return { status: 200, json: mapOf(found) };
      case "GET thumbnail":
        return { status: 204 };
      case "POST playback":
        return { status: 200, json: playbackOf(torrent, found) };
      case "POST link":
        return { status: 200, json: { url: `/stream/${torrent.infoHash}/${found.index}/direct` } };
      case "POST prepare":
        return { status: 202 };
      case "PUT viewing":
        return this.#record(target, JSON.parse(body));
      case "DELETE viewing":
        return this.#forget(target);
      default:
        return problem(404, "not_found", "There is nothing at this address.");
    }
  }

  #add(body: string): MockAnswer {
    const source = sourceOf(body);
    const infoHash =
      /\b[0-9a-f]{40}\b/i.exec(source)?.[0].toLowerCase() ?? (source.startsWith("d") ? "e".repeat(40) : undefined);
    if (infoHash === undefined) {
      return problem(400, "bad_source", "This is neither a magnet link, nor an address, nor an info hash.");
    }
    const known = this.#torrents.find((each) => each.infoHash === infoHash);
    if (known !== undefined) return { status: 201, json: known };
    const name = /[?&]dn=([^&]*)/.exec(source)?.[1] ?? infoHash;
    const torrent =
      infoHash === CROWD
        ? crowd()
        : torrentOf(infoHash, decodeURIComponent(name), [], { state: "metadata", knownPeers: 12 });
    if (torrent.state === "metadata") this.#addedAtMs.set(infoHash, this.#nowMs());
    this.#torrents = [...this.#torrents, torrent];
    this.#tell({ name: "added", data: torrent });
    return { status: 201, json: torrent };
  }

  #remove({ infoHash }: Torrent): MockAnswer {
    this.#torrents = this.#torrents.filter((each) => each.infoHash !== infoHash);
    this.#tell({ name: "removed", data: { infoHash } });
    return { status: 204 };
  }

  #record({ torrent: { infoHash }, file: { index } }: Target, recorded: RecordViewing): MockAnswer {
    const { positionSeconds, durationSeconds = 0 } = recorded;
    const isFinished = durationSeconds > 0 && durationSeconds - positionSeconds < Math.min(durationSeconds * 0.05, 180);
    const viewing = { ...recorded, infoHash, index, isFinished, watchedAt: new Date(this.#nowMs()).toISOString() };
    this.#viewings = [viewing, ...this.#viewings.filter((each) => each.infoHash !== infoHash || each.index !== index)];
    this.#tell({ name: "viewing", data: viewing });
    return { status: 200, json: viewing };
  }

  #forget({ torrent: { infoHash }, file: { index } }: Target): MockAnswer {
    this.#viewings = this.#viewings.filter((each) => each.infoHash !== infoHash || each.index !== index);
    this.#tell({ name: "viewingRemoved", data: { infoHash, index } });
    return { status: 204 };
  }

  #receiveMetadata({ infoHash, name }: Torrent): void {
    this.#addedAtMs.delete(infoHash);
    this.#update(
      torrentOf(infoHash, name, [file(`${name}.mp4`, 900, 0)], {
        activeDemands: 1,
        downloadBytesPerSecond: 4_000_000,
        connectedPeers: 7,
        knownPeers: 12,
      }),
    );
  }

  /** Of the first file that is not whole, at the torrent's rate. */
  #download(torrent: Torrent, seconds: number): void {
    const bytes = Math.round(torrent.downloadBytesPerSecond * seconds);
    const at = torrent.files.findIndex((each) => each.verifiedBytes < each.length);
    const coming = torrent.files[at];
    if (coming === undefined) return this.#update({ ...torrent, activeDemands: 0, downloadBytesPerSecond: 0 });
    const verifiedBytes = Math.min(coming.length, coming.verifiedBytes + bytes);
    this.#update(
      torrentOf(torrent.infoHash, torrent.name, torrent.files.with(at, { ...coming, verifiedBytes }), {
        activeDemands: torrent.activeDemands,
        downloadBytesPerSecond: torrent.downloadBytesPerSecond,
        uploadBytesPerSecond: torrent.uploadBytesPerSecond,
        connectedPeers: torrent.connectedPeers,
        knownPeers: torrent.knownPeers,
      }),
    );
  }

  /** As the server does it, an update names only the files that are new or have changed. */
  #update(torrent: Torrent): void {
    const known = this.#torrents.find((each) => each.infoHash === torrent.infoHash);
    this.#torrents = this.#torrents.map((each) => (each === known ? torrent : each));
    const files = torrent.files.filter((each, at) => known?.files[at]?.verifiedBytes !== each.verifiedBytes);
    this.#tell({ name: "updated", data: { ...torrent, files } });
  }

  #tell(event: MockEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

interface Target {
  readonly torrent: Torrent;
  readonly file: TorrentFile;
}

/** What JSON names, or the bytes of a .torrent file. */
function sourceOf(body: string): string {
  try {
    const { source }: AddTorrent = JSON.parse(body);
    return source;
  } catch {
    return body;
  }
}

/** Of the film that the dev server streams. */
const FILM_SECONDS = 30;

function mediaOf({ mediaType }: TorrentFile): MediaInfo {
  const type = 'video/mp4; codecs="avc1.64001f,mp4a.40.2"';
  return {
    container: mediaType === "video/x-matroska" ? "matroska" : "mp4",
    durationSeconds: FILM_SECONDS,
    tracks: [
      {
        kind: "video",
        index: 0,
        codecTag: "avc1",
        codec: "h264",
        isDefault: true,
        widthPixels: 1280,
        heightPixels: 720,
      },
      { kind: "audio", index: 0, codecTag: "mp4a", codec: "aac", isDefault: true, language: "en", channels: 2 },
    ],
    questions: { mse: [type], file: [type] },
    sidecars: [],
  };
}

function playbackOf({ infoHash }: Torrent, { index, mediaType }: TorrentFile): Playback {
  if (mediaType.startsWith("video/"))
    return { mode: "direct", url: `/stream/${infoHash}/${index}/direct`, reasons: [] };
  const reasons = [{ code: "not_media", message: "This is no film." }];
  return { mode: "unsupported", reasons };
}

function mapOf({ length, verifiedBytes }: TorrentFile): FileMap {
  const share = length === 0 ? 1 : verifiedBytes / length;
  const bytes = (start: number, end: number) => ({ start: Math.floor(start * length), end: Math.floor(end * length) });
  const wantedEnd = Math.min(1, share + 0.1);
  return {
    available: [bytes(0, share)],
    wanted: [bytes(share, wantedEnd)],
    reading: [],
    seconds: { available: [secondsOf(0, share)], wanted: [secondsOf(share, wantedEnd)], reading: [] },
  };
}

function secondsOf(start: number, end: number): SecondsRange {
  return { startSeconds: start * FILM_SECONDS, endSeconds: end * FILM_SECONDS };
}

const TITLES: Readonly<Record<number, string>> = { 400: "Bad Request", 404: "Not Found" };

function problem(status: number, code: string, detail: string): MockAnswer {
  const json: Problem = { type: "about:blank", title: TITLES[status] ?? "Error", status, detail, code };
  return { status, json };
}

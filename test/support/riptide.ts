import type { Torrent } from "@riptide/http";
import { quietly } from "./command-line.ts";
import type { SharedFilm } from "./film-torrent.ts";
import { startProcess, type TestProcess } from "./processes.ts";
import { programPath } from "./program.ts";
import { waitUntil } from "./wait.ts";

/** The real program in a process of its own. */
export interface RunningRiptide extends AsyncDisposable {
  readonly url: string;
  readonly process: TestProcess;
  /** A response of the JSON API; fails on anything but 2xx. */
  api<Body>(path: string): Promise<Body>;
  add(source: string | Uint8Array): Promise<Torrent>;
  torrent(infoHash: string): Promise<Torrent>;
}

export async function startRiptide(...words: readonly string[]): Promise<RunningRiptide> {
  return await runningRiptide(startProcess("node", [programPath(), ...words]));
}

/** A process that was started, once it listens. */
export async function runningRiptide(process: TestProcess): Promise<RunningRiptide> {
  const url = await process.waitFor((line) => /^Riptide is listening on (http:\/\/\S+)$/.exec(line)?.[1], 60_000);
  const api = async <Body>(path: string, init?: RequestInit): Promise<Body> => {
    const response = await fetch(url + path, init);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Body;
  };
  return {
    url,
    process,
    api,
    add: (source) =>
      typeof source === "string"
        ? api("/api/torrents", {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ source }),
          })
        : api("/api/torrents", {
            method: "POST",
            headers: { "content-type": "application/x-bittorrent" },
            body: Buffer.from(source),
          }),
    torrent: (infoHash) => api(`/api/torrents/${infoHash}`),
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}

/** A server on a free port with nothing to find but what the test gives it. */
export async function startQuietRiptide(dataDirectory: string, ...words: readonly string[]): Promise<RunningRiptide> {
  return await startRiptide(...quietly(dataDirectory, ...words));
}

/** Waits until a torrent, and its files, are known. */
export async function filesOf(riptide: RunningRiptide, infoHash: string): Promise<Torrent> {
  return await waitUntil("the files are known", async () => {
    const torrent = await riptide.torrent(infoHash).catch(() => undefined);
    return torrent !== undefined && torrent.files.length > 0 && torrent;
  });
}

/**
 * Payload that was fetched of a film so far. Riptide counts with each piece that it verifies, libtorrent twice a second
 * all that it has sent: the one that has counted more is nearer to the truth.
 */
export async function fetchedBytes(riptide: RunningRiptide, film: SharedFilm): Promise<number> {
  return Math.max((await riptide.torrent(film.infoHash)).downloadedBytes, film.sentBytes());
}

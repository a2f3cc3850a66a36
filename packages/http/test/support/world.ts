import { fileURLToPath } from "node:url";
import { RecentViewings } from "@riptide/core";
import { createSimulatedTorrentEngine, createVirtualClock, type SimulatedTorrentSeed } from "@riptide/sim";
import { createApp } from "../../src/app.ts";
import type { AppOptions } from "../../src/app-options.ts";
import { hostPolicy } from "../../src/security/host-policy.ts";
import { createFakeStreams } from "./fake-streams.ts";

export const HOST = "127.0.0.1:8888";
export const FILM = "0123456789abcdef0123456789abcdef01234567";
export const FILM_NAME = "A film <b>";
export const MAGNET_ONLY = "f".repeat(40);
export const LATE = "a".repeat(40);
/** When virtual time begins. */
export const WATCHED_AT = "2026-11-27T00:00:00.000Z";
/** What a browser's own page sends with a change. */
export const FROM_OUR_PAGE = { origin: `http://${HOST}`, "sec-fetch-site": "same-origin" };

/** A built page as Vite leaves it, and a file that must not be served. */
export const WEB_ROOT = fileURLToPath(new URL("web-root", import.meta.url));

export const FILM_BYTES = new Uint8Array(600_000).map((_, index) => index % 251);
export const TORRENT_BYTES = new TextEncoder().encode("d4:infod4:name4:filmee");

const FILM_SEED: SimulatedTorrentSeed = {
  infoHash: FILM,
  name: FILM_NAME,
  files: [
    { path: "Film/film.mkv", bytes: FILM_BYTES },
    { path: "Film/page.html", bytes: new TextEncoder().encode("<script>") },
    { path: "Film/empty", bytes: new Uint8Array() },
  ],
  sources: [TORRENT_BYTES, "http://tracker.example/film.torrent"],
};
const LATE_SEED: SimulatedTorrentSeed = {
  infoHash: LATE,
  name: "Late",
  files: [{ path: "late.mp4", bytes: FILM_BYTES }],
  metadataDelayMs: 4_000,
};

export type SendOptions = Omit<RequestInit, "headers"> & { readonly headers?: Readonly<Record<string, string>> };
export type World = Awaited<ReturnType<typeof createWorld>>;

/** An app over a simulated engine in virtual time, with the film already added. */
export async function createWorld(options: Partial<AppOptions> & { seeds?: readonly SimulatedTorrentSeed[] } = {}) {
  const clock = createVirtualClock({ drain: () => new Promise((resolve) => setImmediate(resolve)) });
  const engine = createSimulatedTorrentEngine({ clock, torrents: options.seeds ?? [FILM_SEED, LATE_SEED] });
  const streams = createFakeStreams();
  const viewings = new RecentViewings({ wallClockMs: () => Date.parse(WATCHED_AT) + clock.nowMs() });
  const draining = new AbortController();
  const failures: { message: string; error: unknown }[] = [];
  const app = createApp({
    engine,
    streams,
    viewings,
    clock,
    allowedHosts: hostPolicy({ boundTo: "127.0.0.1" }),
    version: "1.2.3",
    draining: draining.signal,
    log: (message, error) => failures.push({ message, error }),
    ...options,
  });
  const { signal } = new AbortController();
  if (options.seeds === undefined) await engine.add(FILM, { signal });

  return {
    clock,
    engine,
    streams,
    viewings,
    draining,
    failures,
    app,
    send,
    add: (source: string) => engine.add(source, { signal }),
  };

  function send(path: string, { headers, ...init }: SendOptions = {}): Promise<Response> {
    return app.fetch(new Request(`http://${HOST}${path}`, { ...init, headers: { host: HOST, ...headers } }));
  }
}

/** A change as our own page asks for it. */
export function post(contentType: string, body: NonNullable<RequestInit["body"]>): SendOptions {
  return { method: "POST", body, headers: { ...FROM_OUR_PAGE, "content-type": contentType } };
}

export function put(body: unknown): SendOptions {
  return { ...post("application/json", JSON.stringify(body)), method: "PUT" };
}

export const DELETE = { method: "DELETE", headers: FROM_OUR_PAGE };

/** The JSON of a response, with its status, for one comparison. */
export async function statusAndJson(response: Response): Promise<{ status: number; body: unknown }> {
  return { status: response.status, body: await response.json() };
}

/** The `code` of a problem document; checks that it is one. */
export async function problemCode(response: Response): Promise<string> {
  const contentType = response.headers.get("content-type");
  if (contentType !== "application/problem+json") throw new Error(`${response.status} ${contentType} is no problem`);
  const problem: unknown = await response.json();
  if (typeof problem !== "object" || problem === null || !("code" in problem) || typeof problem.code !== "string") {
    throw new Error("A problem document without a code");
  }
  if (!("status" in problem) || problem.status !== response.status) throw new Error("The statuses differ");
  return problem.code;
}

import type { AddTorrent, MediaInfo, Playback, PlaybackRequest, Problem, Torrent } from "@riptide/http";
import { textsNow } from "../i18n/language.tsx";
import { apiTexts } from "./texts.ts";

/** Other players have no cookie: a page that was opened with `?token=` hands it on, wherever it goes afterwards. */
const TOKEN = new URLSearchParams(location.search).get("token");

/** Adds a magnet, an address, an info hash, or a .torrent file. Rejects with an `Error` whose message is a sentence. */
export async function addTorrent(source: string | Blob): Promise<Torrent> {
  const isText = typeof source === "string";
  const response = await request("/api/torrents", {
    method: "POST",
    headers: { "content-type": isText ? "application/json" : "application/x-bittorrent" },
    body: isText ? JSON.stringify({ source } satisfies AddTorrent) : source,
  });
  return response.json();
}

export async function showTorrent(infoHash: string): Promise<Torrent> {
  return (await request(`/api/torrents/${infoHash}`)).json();
}

export async function removeTorrent(infoHash: string, deleteData: boolean): Promise<void> {
  await request(`/api/torrents/${infoHash}?data=${deleteData}`, { method: "DELETE" });
}

/** What a file holds, and what to ask the browser about it. Waits for the bytes that tell it. */
export async function showMedia(infoHash: string, index: number, signal: AbortSignal): Promise<MediaInfo> {
  return (await request(`/api/torrents/${infoHash}/files/${index}`, { signal })).json();
}

/** How a browser of these abilities plays a file. */
export async function choosePlayback(
  infoHash: string,
  index: number,
  wanted: PlaybackRequest,
  signal: AbortSignal,
): Promise<Playback> {
  const response = await request(`/api/torrents/${infoHash}/files/${index}/playback`, {
    method: "POST",
    ...jsonBody(wanted),
    signal,
  });
  const playback: Playback = await response.json();
  return playback.url === undefined ? playback : { ...playback, url: authorized(playback.url) };
}

/** The whole address of the original bytes, for other players. */
export function directUrl(infoHash: string, index: number): string {
  return wholeUrl(authorized(`/stream/${infoHash}/${index}/direct`));
}

/** The whole address of a playlist for other players: of one file, or of all that a torrent has to play. */
export function playlistUrl(infoHash: string, index?: number): string {
  const file = index === undefined ? "" : `/${index}`;
  return wholeUrl(authorized(`/stream/${infoHash}${file}/play.m3u8`));
}

/** The whole address of a path of this server. */
export function wholeUrl(path: string): string {
  return new URL(path, location.href).href;
}

export function eventsUrl(): string {
  return authorized("/api/events");
}

/**
 * The body of an answer, as it comes; the connection is closed when it is no longer iterated. Rejects with an `Error` whose message is a
 * sentence if the server refuses, and with a `TypeError` if the connection fails.
 */
export async function* download(url: string, signal: AbortSignal): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const response = await fetch(url, { signal });
  if (response.status >= 500) throw new ServerError(await sentenceOf(response));
  if (!response.ok || response.body === null) throw new Error(await sentenceOf(response));
  const reader = response.body.getReader();
  try {
    for (let { value } = await reader.read(); value !== undefined; { value } = await reader.read()) yield value;
  } finally {
    reader.cancel().catch(() => {});
  }
}

class ServerError extends Error {}

/** Whether what made a download fail may be over soon: an answer of 5xx, or, as `fetch` says it, a connection. */
export function isTemporary(error: unknown): boolean {
  return error instanceof ServerError || error instanceof TypeError;
}

/** A text of the server, such as a playlist. Rejects with an `Error` whose message is a sentence. */
export async function downloadText(url: string, signal: AbortSignal): Promise<string> {
  return (await answer(url, { signal })).text();
}

/** Why a stream does not play, as the server says it; `undefined` if the server would deliver it. */
export async function whyNotPlayable(url: string): Promise<string | undefined> {
  const controller = new AbortController();
  try {
    const response = await fetch(url, { headers: { range: "bytes=0-0" }, signal: controller.signal });
    return response.ok ? undefined : await sentenceOf(response);
  } catch {
    return textsNow(apiTexts).unreachable;
  } finally {
    controller.abort(); // the body is of no interest
  }
}

/** The answer to a request for a path of this server. Rejects with an `Error` whose message is a sentence. */
export async function request(path: string, init?: RequestInit): Promise<Response> {
  return answer(authorized(path), init);
}

/** What says in a request that its body is this value, as JSON. */
export function jsonBody(value: unknown): RequestInit {
  return { headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}

async function answer(url: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(url, init).catch(() => {
    throw new Error(textsNow(apiTexts).unreachable);
  });
  if (!response.ok) throw new Error(await sentenceOf(response));
  return response;
}

async function sentenceOf(response: Response): Promise<string> {
  try {
    const problem: Problem = await response.json();
    return problem.detail;
  } catch {
    return textsNow(apiTexts).answered(`${response.status} ${response.statusText}`.trim());
  }
}

/** The path, with what opens it where there are no cookies. */
export function authorized(path: string): string {
  return TOKEN === null ? path : withQuery(path, "token", TOKEN);
}

/** The address with one more parameter. */
export function withQuery(url: string, name: string, value: string): string {
  return `${url}${url.includes("?") ? "&" : "?"}${name}=${encodeURIComponent(value)}`;
}

import type { FileMap, Link, Prepare, RecordViewing, Viewing, ViewingList } from "@riptide/http";
import { authorized, jsonBody, request, wholeUrl } from "./client.ts";

/** What a player asks beside its stream. Everything here rejects with an `Error` whose message is a sentence. */

/** Where somebody stopped watching, the newest first. */
export async function listViewings(signal: AbortSignal): Promise<readonly Viewing[]> {
  const { viewings }: ViewingList = await (await request("/api/viewings", { signal })).json();
  return viewings;
}

/** Notes how far somebody has come. `keepalive` has it sent while the page is being left. */
export async function recordViewing(
  infoHash: string,
  index: number,
  viewing: RecordViewing,
  options: { readonly keepalive?: boolean; readonly signal?: AbortSignal } = {},
): Promise<void> {
  await request(viewingPath(infoHash, index), { method: "PUT", ...jsonBody(viewing), ...options });
}

export async function forgetViewing(infoHash: string, index: number): Promise<void> {
  await request(viewingPath(infoHash, index), { method: "DELETE" });
}

/** Has the head and the index of a file fetched, and `seconds` of it from `fromSeconds` on. Does not wait for them. */
export async function prepare(infoHash: string, index: number, wanted: Prepare, signal: AbortSignal): Promise<void> {
  await request(`/api/torrents/${infoHash}/files/${index}/prepare`, { method: "POST", ...jsonBody(wanted), signal });
}

/** What of a file is there, wanted and being read: in bytes, and in seconds once the index of the film is known. */
export async function showMap(infoHash: string, index: number, signal: AbortSignal): Promise<FileMap> {
  return (await request(`/api/torrents/${infoHash}/files/${index}/map?unit=seconds`, { signal })).json();
}

/**
 * The address of a picture of the film at or before a time, for an `<img>`, which fails to load if the picture is not there
 * already. Fetches nothing of the torrent.
 */
export function thumbnailUrl(infoHash: string, index: number, seconds: number, width: 160 | 320): string {
  return authorized(`/api/torrents/${infoHash}/files/${index}/thumbnail?t=${seconds}&width=${width}`);
}

/** A file of subtitles (SRT, ASS, WebVTT in any character set) as WebVTT. */
export async function convertSubtitles(file: Blob, signal: AbortSignal): Promise<string> {
  const headers = { "content-type": "application/octet-stream" };
  return (await request("/api/subtitles", { method: "POST", headers, body: file, signal })).text();
}

/** The whole address of the original bytes for a program that has no cookie of ours: with a token, signed and for a day. */
export async function linkToFile(infoHash: string, index: number, signal: AbortSignal): Promise<string> {
  const path = `/api/torrents/${infoHash}/files/${index}/link`;
  const link: Link = await (await request(path, { method: "POST", ...jsonBody({}), signal })).json();
  return wholeUrl(link.url);
}

function viewingPath(infoHash: string, index: number): string {
  return `/api/torrents/${infoHash}/files/${index}/viewing`;
}

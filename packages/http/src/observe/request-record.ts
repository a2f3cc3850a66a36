import type { StallCause } from "./stall.ts";

/** How a body is made, as the address says; `default` is one of the others, by what the file is. */
export type StreamSource = "default" | "direct" | "remux" | "virtual" | "hls" | "subtitles" | "attachment";

/** Where a request enters a film: at its start, elsewhere, or neither can be said of it, as of a playlist. */
export type StreamEntry = "start" | "seek" | "other";

/** What is told of a stream: no names, which are untrusted and private. */
export interface StreamRecord {
  readonly streamId: string;
  readonly infoHash: string;
  readonly index: number;
  readonly source: StreamSource;
  readonly entry: StreamEntry;
}

/** What is told of a request once its response has ended: no query, which may hold a secret, and no address of the client. */
export interface RequestRecord {
  readonly requestId: string;
  readonly method: string;
  /** The pattern of its address, such as `/stream/:infoHash/:index/direct`; `none` where nothing is. */
  readonly route: string;
  readonly status: number;
  /** Of the problem document, if the answer was one. */
  readonly code: string | undefined;
  readonly bytes: number;
  readonly durationMs: number;
  /** Until the first byte of the body; undefined if there was none. */
  readonly ttfbMs: number | undefined;
  /** `cut`: the client went before the end. `failed`: we could not go on. */
  readonly end: "complete" | "cut" | "failed";
  readonly stream: StreamRecord | undefined;
}

/** Hears of requests at their end, and of streams before that. Nothing it does may fail, or take long. */
export interface RequestObserver {
  streamOpened?(): void;
  streamBegan?(stream: StreamRecord, ttfbMs: number): void;
  streamSent?(bytes: number): void;
  streamStalled?(cause: StallCause, durationMs: number): void;
  streamClosed?(): void;
  ended(record: RequestRecord): void;
}

/** How a stream of this route is made. */
export function sourceOf(route: string): StreamSource {
  const [, part = "default"] = /^\/stream\/:infoHash\/:index\/([a-z]+)/.exec(route) ?? [];
  return SOURCES[part] ?? "default";
}

const SOURCES: Readonly<Record<string, StreamSource>> = {
  direct: "direct",
  remux: "remux",
  virtual: "virtual",
  hls: "hls",
  subtitles: "subtitles",
  attachments: "attachment",
};

/**
 * Where the request enters. Segments of HLS are asked for one after the other, and only the first of them, and those that are
 * entered in the middle, say what their player does. The tail of a file is no place where anybody plays: there is an index.
 */
export function entryOf(request: Request, source: StreamSource): StreamEntry {
  const { pathname, searchParams } = new URL(request.url);
  if (request.method !== "GET" || source === "subtitles" || source === "attachment") return "other";
  if (source === "hls") {
    if (searchParams.has("from")) return "seek";
    return pathname.endsWith("/seg-0.m4s") ? "start" : "other";
  }
  const range = request.headers.get("range");
  if (range === null) return Number(searchParams.get("t") ?? 0) > 0 ? "seek" : "start";
  const firstByte = /^bytes=(\d+)-/.exec(range)?.[1];
  if (firstByte === undefined) return "other";
  return Number(firstByte) > 0 ? "seek" : "start";
}

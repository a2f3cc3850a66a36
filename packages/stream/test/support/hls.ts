import type { Container } from "@riptide/media";
import { demoFilm } from "../../../media/test/support/corpus.ts";
import { remade } from "../../../media/test/support/ffmpeg.ts";
import { realClock } from "../../../transcode/test/support/clocks.ts";
import { createStreamFactory, type StreamFactory } from "../../src/index.ts";
import { createContext, get, readAll, type TestContext } from "./context.ts";
import { linesOf } from "./hls-grammar.ts";

/** Where the addresses of a presentation begin. */
export const HLS_FOLDER = "/stream/0123456789abcdef0123456789abcdef01234567/3/hls/";

export const hlsRequest = (path: string): Request => get({}, `${HLS_FOLDER}${path}`);

/** A film that is there, asked for by one who needs no ffmpeg. */
export interface HlsFilm {
  readonly viewer: TestContext;
  readonly factory: StreamFactory;
  ask(path: string): Promise<Response>;
  bytes(path: string): Promise<Uint8Array>;
  text(path: string): Promise<string>;
}

export function hlsFilm(
  bytes: Uint8Array,
  factory: StreamFactory = createStreamFactory({ ffmpeg: undefined, clock: realClock }),
): HlsFilm {
  const viewer = createContext({ bytes, clock: realClock });
  const ask = (path: string): Promise<Response> => factory.hls.produce(hlsRequest(path), viewer.context);
  const read = async (path: string): Promise<Uint8Array> => readAll(await ask(path));
  return { viewer, factory, ask, bytes: read, text: async (path) => new TextDecoder().decode(await read(path)) };
}

export interface ReadPlaylist {
  readonly initUri: string | undefined;
  readonly segments: readonly { readonly uri: string; readonly durationSeconds: number }[];
}

export function readPlaylist(text: string): ReadPlaylist {
  const lines = linesOf(text);
  const uris = lines.filter((line) => !line.startsWith("#"));
  const durations = lines.flatMap((line) => /^#EXTINF:(.*),$/.exec(line)?.[1] ?? []).map(Number);
  return {
    initUri: lines.flatMap((line) => /^#EXT-X-MAP:URI="(.*)"$/.exec(line)?.[1] ?? [])[0],
    segments: uris.map((uri, position) => ({ uri, durationSeconds: durations[position] ?? Number.NaN })),
  };
}

/** Initialization and segments of a rendition (`video`, `audio/0`), one after the other: a whole file. */
export async function wholeRendition(film: HlsFilm, folder: string, query = ""): Promise<Uint8Array> {
  const { initUri, segments } = readPlaylist(await film.text(`${folder}/playlist.m3u8${query}`));
  const parts: Uint8Array[] = [];
  for (const uri of [initUri, ...segments.map((segment) => segment.uri)]) {
    parts.push(await film.bytes(`${folder}/${uri}`));
  }
  return Buffer.concat(parts);
}

export type FilmKind = "MKV" | "WebM" | "MP4" | "MP4, moov last";

/** The films of the demo: 48 s, a keyframe every 4 s; H.264 with B-frames and AAC, or VP9 and Opus. */
export const FILMS: readonly (readonly [FilmKind, Container])[] = [
  ["MKV", "matroska"],
  ["WebM", "webm"],
  ["MP4", "mp4"],
  ["MP4, moov last", "mp4"],
];

/** The last one needs ffmpeg. */
export function filmOf(kind: FilmKind): Promise<Uint8Array> {
  return kind === "MP4, moov last" ? remade(demoFilm("MP4"), "-c copy", "mp4") : Promise.resolve(demoFilm(kind));
}

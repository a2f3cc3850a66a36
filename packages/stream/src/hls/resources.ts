/** One of the parallel streams of a film, each with a playlist of its own. `index` counts the tracks of that kind, from 0. */
export type Rendition =
  | { readonly kind: "video" }
  | { readonly kind: "audio"; readonly index: number }
  | { readonly kind: "subtitles"; readonly index: number };

/** What lies below `/stream/IH/N/hls/`. Subtitles have no initialization section: they are WebVTT. */
export type HlsResource =
  | { readonly kind: "master" }
  | { readonly kind: "playlist"; readonly rendition: Rendition }
  | { readonly kind: "initialization"; readonly rendition: Rendition }
  | { readonly kind: "segment"; readonly rendition: Rendition; readonly number: number };

const MASTER_NAME = "master.m3u8";
const PLAYLIST_NAME = "playlist.m3u8";
const INITIALIZATION_NAME = "init.mp4";
/** A list of 64 tracks and a signature; this text is repeated in each of up to 20,000 lines. */
const SUFFIX_LIMIT_CHARACTERS = 384;

/** The URI of a media playlist, relative to the master playlist. `suffix` as in `renditionUris`. */
export function playlistUri(rendition: Rendition, suffix = ""): string {
  return `${folderOf(rendition)}/${PLAYLIST_NAME}${checkedSuffix(suffix)}`;
}

/**
 * The URIs in a media playlist, relative to it. `suffix` is the query of the request for the playlist, with its question mark
 * (`?token=…`): what authorises the one authorises the others. One that is too long or no query is left out.
 */
export function renditionUris(rendition: Rendition, suffix = ""): RenditionUris {
  const query = checkedSuffix(suffix);
  const isText = rendition.kind === "subtitles";
  return {
    initUri: isText ? undefined : `${INITIALIZATION_NAME}${query}`,
    uriOf: (number) => `seg-${number}.${isText ? "vtt" : "m4s"}${query}`,
  };
}

export interface RenditionUris {
  readonly initUri: string | undefined;
  readonly uriOf: (number: number) => string;
}

/** What a path below `…/hls/`, without its query, names; undefined if it is no name that our playlists use. */
export function hlsResourceAt(path: string): HlsResource | undefined {
  if (path === MASTER_NAME) return { kind: "master" };
  const [, video, audio, subtitles, name = ""] =
    /^(?:(video)|audio\/(0|[1-9]\d{0,2})|subtitles\/(0|[1-9]\d{0,2}))\/([^/]+)$/.exec(path) ?? [];
  if (video !== undefined) return mediaResourceAt(name, { kind: "video" });
  if (audio !== undefined) return mediaResourceAt(name, { kind: "audio", index: Number(audio) });
  if (subtitles !== undefined) return mediaResourceAt(name, { kind: "subtitles", index: Number(subtitles) });
  return undefined;
}

function mediaResourceAt(name: string, rendition: Rendition): HlsResource | undefined {
  const isText = rendition.kind === "subtitles";
  if (name === PLAYLIST_NAME) return { kind: "playlist", rendition };
  if (name === INITIALIZATION_NAME && !isText) return { kind: "initialization", rendition };
  const [, digits, extension] = /^seg-(0|[1-9]\d{0,6})\.(m4s|vtt)$/.exec(name) ?? [];
  if (digits === undefined || (extension === "vtt") !== isText) return undefined;
  return { kind: "segment", rendition, number: Number(digits) };
}

function folderOf(rendition: Rendition): string {
  return rendition.kind === "video" ? "video" : `${rendition.kind}/${rendition.index}`;
}

/** RFC 3986 §3.4, less the apostrophe: nothing that could end an attribute or a line of a playlist. */
function checkedSuffix(suffix: string): string {
  const isQuery = suffix.length <= SUFFIX_LIMIT_CHARACTERS && /^\?[\w.~!$&()*+,;=:@/?%-]*$/.test(suffix);
  return isQuery ? suffix : "";
}

import type { MediaInfo } from "@riptide/http";
import { languageName } from "../tracks.ts";
import type { ContentSource } from "./use-content.ts";

/** What can be shown as the subtitles of a film, and how. */
export interface SubtitleSource {
  /** Means the same subtitle of the same film tomorrow. */
  readonly id: string;
  /** What it calls itself; empty if nothing. */
  readonly label: string;
  readonly language: string | undefined;
  readonly isForced: boolean;
  /** Its lines, as WebVTT. Undefined if there are only pictures. */
  readonly text: ContentSource | undefined;
  /** What is drawn in place of the lines, where that is possible: a script of ASS, or the pictures of PGS. */
  readonly drawn: { readonly kind: "ass" | "pgs"; readonly from: ContentSource } | undefined;
}

/** Completes the path of a stream. */
type Address = (path: string) => string;
interface Film {
  readonly infoHash: string;
  readonly index: number;
}

/** The subtitles in a film, and those beside it in its torrent; described in `language`. */
export function sourcesOf(info: MediaInfo, film: Film, language: string, address: Address): SubtitleSource[] {
  const context = { film, language, address };
  return [
    ...info.tracks.flatMap((track) => (track.kind === "subtitle" ? (trackSource(track, context) ?? []) : [])),
    ...info.sidecars.flatMap((sidecar) => sidecarSource(sidecar, context) ?? []),
  ];
}

interface SourceContext {
  readonly film: Film;
  readonly language: string;
  readonly address: Address;
}
type SubtitleTrack = Extract<MediaInfo["tracks"][number], { kind: "subtitle" }>;
type Sidecar = MediaInfo["sidecars"][number];

const TEXTS: ReadonlySet<string> = new Set(["srt", "ass", "webvtt", "mov_text"]);
const TRACKS_DRAWN: ReadonlyMap<string, "ass" | "pgs"> = new Map([
  ["ass", "ass"],
  ["pgs", "pgs"],
]);

function trackSource(track: SubtitleTrack, { film, language, address }: SourceContext): SubtitleSource | undefined {
  const base = `/stream/${film.infoHash}/${film.index}/subtitles/${track.index}`;
  const kind = TRACKS_DRAWN.get(track.codec);
  const isText = TEXTS.has(track.codec);
  if (!isText && kind === undefined) return undefined;
  const drawnUrl = address(`${base}.${kind === "ass" ? "ass" : "sup"}`);
  return {
    id: `track-${track.index}`,
    label: [languageName(track.language, language), track.title].filter(Boolean).join(" · "),
    language: track.language,
    isForced: track.isForced,
    text: isText ? { url: address(`${base}.vtt`), isPartial: true } : undefined,
    drawn: kind && { kind, from: { url: drawnUrl, isPartial: true } },
  };
}

/** As much of an identifier as the server keeps. */
const ID_MAX = 200;
const SIDECARS_DRAWN: ReadonlyMap<string, "ass" | "pgs"> = new Map([
  ["ass", "ass"],
  ["sup", "pgs"],
]);

function sidecarSource(sidecar: Sidecar, { film, language, address }: SourceContext): SubtitleSource | undefined {
  if (sidecar.kind === "vobsub") return undefined;
  const name = sidecar.path.split("/").at(-1) ?? sidecar.path;
  const kind = SIDECARS_DRAWN.get(sidecar.kind);
  const textUrl = address(`/stream/${film.infoHash}/${film.index}/subtitles/file-${sidecar.index}.vtt`);
  const drawnUrl = address(`/stream/${film.infoHash}/${sidecar.index}/direct`);
  return {
    id: `file-${sidecar.index}-${name}`.slice(0, ID_MAX),
    label: [languageName(sidecar.language, language), sidecar.title ?? name].filter(Boolean).join(" · "),
    language: sidecar.language,
    isForced: sidecar.isForced,
    text: sidecar.kind === "sup" ? undefined : { url: textUrl, isPartial: false },
    drawn: kind && { kind, from: { url: drawnUrl, isPartial: false } },
  };
}

/**
 * What to show if nobody has chosen: what a film forces upon those who hear its sound, in the language of that sound or in none.
 */
export function forcedSource(
  sources: readonly SubtitleSource[],
  soundLanguage: string | undefined,
): SubtitleSource | undefined {
  return sources.find(({ isForced, language }) => isForced && (language === undefined || language === soundLanguage));
}

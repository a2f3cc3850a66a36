/** What a file of subtitles is, by its name: nobody reads its bytes only to list it. */
export type SubtitleKind = "srt" | "webvtt" | "ass" | "sup" | "vobsub";

/**
 * By the extension of a file name or path; undefined for all others. VobSub is its `.idx`: the `.sub` beside it shows nothing by
 * itself, and without an `.idx` it may be MicroDVD's text, whose times depend on a frame rate that it does not tell.
 */
export function subtitleKindOf(name: string): SubtitleKind | undefined {
  const extension = /\.([a-z]{3,6})$/i.exec(name)?.[1] ?? "";
  return KINDS.get(extension.toLowerCase());
}

const KINDS = new Map<string, SubtitleKind>([
  ["srt", "srt"],
  ["vtt", "webvtt"],
  ["webvtt", "webvtt"],
  ["ass", "ass"],
  ["ssa", "ass"],
  ["sup", "sup"],
  ["idx", "vobsub"],
]);

/** The forms in which a track of subtitles is handed out: WebVTT, the original script of ASS, the pictures of PGS. */
export type TrackForm = "vtt" | "ass" | "sup";

/** What lies below `/stream/IH/N/`: a track of the film, a file of subtitles beside it, something that is attached to it. */
export type SubtitleResource =
  | { readonly kind: "track"; readonly index: number; readonly form: TrackForm }
  | { readonly kind: "file" }
  | { readonly kind: "attachment"; readonly index: number };

/** What the path of a request names; undefined if it is none of these. */
export function subtitleResourceAt(path: string): SubtitleResource | undefined {
  const [, index, extension] = /\/subtitles\/(0|[1-9]\d{0,2})\.([a-z]{3})$/.exec(path) ?? [];
  const form = FORMS.find((known) => known === extension);
  if (form !== undefined) return { kind: "track", index: Number(index), form };
  if (/\/subtitles\/file-\d{1,7}\.vtt$/.test(path)) return { kind: "file" };
  const [, attachment] = /\/attachments\/(0|[1-9]\d{0,2})$/.exec(path) ?? [];
  return attachment === undefined ? undefined : { kind: "attachment", index: Number(attachment) };
}

const FORMS: readonly TrackForm[] = ["vtt", "ass", "sup"];

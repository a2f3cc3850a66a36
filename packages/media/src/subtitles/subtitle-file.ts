import type { Steps } from "../steps.ts";
import { sectionOf } from "./ass-script.ts";
import { timingOf } from "./clock-time.ts";
import { decodeSteps } from "./decode-subtitle-text.ts";
import { linesOf } from "./lines.ts";
import { assSteps } from "./parse-ass.ts";
import { srtSteps } from "./parse-srt.ts";
import { webVttSteps } from "./parse-webvtt.ts";
import type { SubtitleKind } from "./subtitle-kind.ts";
import type { TextCue } from "./text-cue.ts";
import { webVttDocumentSteps } from "./webvtt-document.ts";

/** Those that are text. */
export type TextSubtitleKind = Extract<SubtitleKind, "srt" | "webvtt" | "ass">;

export function isTextSubtitleKind(kind: SubtitleKind): kind is TextSubtitleKind {
  return kind in PARSERS;
}

/** A file of subtitles as WebVTT, in any character set. Never throws; what is no cue is left out. */
export function* subtitleFileSteps(bytes: Uint8Array, kind: TextSubtitleKind): Steps<string> {
  const text = yield* decodeSteps(bytes);
  return yield* webVttDocumentSteps(yield* PARSERS[kind](text));
}

/** The same of a file whose name tells nothing: it is what its text looks like. Undefined if that is nothing that we know. */
export function* unnamedSubtitleSteps(bytes: Uint8Array): Steps<string | undefined> {
  const text = yield* decodeSteps(bytes);
  const kind = kindOfText(text);
  return kind && (yield* webVttDocumentSteps(yield* PARSERS[kind](text)));
}

const PARSERS: Readonly<Record<TextSubtitleKind, (text: string) => Steps<TextCue[]>>> = {
  srt: srtSteps,
  ass: assSteps,
  webvtt: webVttSteps,
};

/** Scripts begin with a section, and whatever stands in front of the first cue of SRT is short. */
const LOOKED_AT_CHARACTERS = 64 * 1024;

/** By the signature of WebVTT (W3C WebVTT §4.1), a section that scripts have, or a line of times. */
function kindOfText(text: string): TextSubtitleKind | undefined {
  const start = text.slice(0, LOOKED_AT_CHARACTERS);
  if (/^\ufeff?WEBVTT(?:[ \t\r\n]|$)/.test(start)) return "webvtt";
  for (const line of linesOf(start)) {
    if (ASS_SECTIONS.has(sectionOf(line) ?? "")) return "ass";
    if (timingOf(line) !== undefined) return "srt";
  }
  return undefined;
}

const ASS_SECTIONS = new Set(["script info", "v4 styles", "v4+ styles", "events"]);

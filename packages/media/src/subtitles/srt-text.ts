import { type AssState, applyOverrides, initialState, settingsOf } from "./ass-text.ts";
import { payloadOf, type StyledRun, switchTag } from "./styled-text.ts";
import type { TextCue } from "./text-cue.ts";

/**
 * Payload and settings of the text of an SRT cue. There is no standard: players know `<i>`, `<b>`, `<u>`, ignore `<font>`, take
 * some ASS overrides (`{\an8}`) and hide MicroDVD's codes (`{y:i}`). What merely looks like a tag is text.
 */
export function srtCueText(text: string): Pick<TextCue, "text" | "settings"> {
  const runs: StyledRun[] = [];
  let state = initialState();
  let end = 0;
  for (const match of text.matchAll(MARKUP)) {
    runs.push({ text: text.slice(end, match.index), tags: state.tags });
    end = match.index + match[0].length;
    const { literal, next } = markup(match, state);
    state = next;
    runs.push({ text: literal, tags: state.tags });
  }
  runs.push({ text: text.slice(end), tags: state.tags });
  return { text: payloadOf(runs), settings: settingsOf(state.alignment) };
}

/** Each alternative ends at the next bracket at the latest, so that the search takes linear time. */
const MARKUP = new RegExp(
  [
    String.raw`<(?<close>\/?)(?<tag>[ibu])(?:\s[^<>]{0,100})?>`,
    String.raw`<\/?(?:font|s|strike|span|c)(?:[\s.=][^<>]{0,200})?>`,
    String.raw`(?<newline><br\s?\/?>)`,
    String.raw`\{(?<overrides>\\[^{}]{0,500})\}`,
    String.raw`\{[a-z]:[^{}]{0,100}\}`,
    String.raw`&(?<entity>amp|lt|gt|quot|apos|nbsp|lrm|rlm|#\d{1,7}|#x[\da-f]{1,6});`,
  ].join("|"),
  "giu",
);

/** What an element of markup says, and the state after it. */
function markup(match: RegExpMatchArray, state: AssState): { readonly literal: string; readonly next: AssState } {
  const { tag, close, newline, overrides, entity } = match.groups ?? {};
  if (tag !== undefined) {
    return { literal: "", next: { ...state, tags: switchTag(state.tags, tag.toLowerCase(), close === "") } };
  }
  if (overrides !== undefined) return { literal: "", next: applyOverrides(overrides, state) };
  if (newline !== undefined) return { literal: "\n", next: state };
  return { literal: entity === undefined ? "" : characterOf(entity.toLowerCase()), next: state };
}

function characterOf(entity: string): string {
  const named = ENTITIES.get(entity);
  if (named !== undefined) return named;
  const code = entity.startsWith("#x") ? Number.parseInt(entity.slice(2), 16) : Number(entity.slice(1));
  return code > 0x10ffff ? "" : String.fromCodePoint(code);
}

const ENTITIES = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
  ["nbsp", "\u00a0"],
  ["lrm", "\u200e"],
  ["rlm", "\u200f"],
]);

import { payloadOf, type StyledRun, switchTag } from "./styled-text.ts";
import type { TextCue } from "./text-cue.ts";

/** What a style of an ASS script says that WebVTT can say too. */
export interface AssStyle {
  /** As in `StyledRun`. */
  readonly tags: string;
  /** Place on the screen as on a numeric keypad: 2 is below, in the middle; 8 above. */
  readonly alignment: number;
}

/** Where the text stands behind the overrides so far. */
export interface AssState extends AssStyle {
  readonly style: AssStyle;
  /** Whether an override has said the alignment: only the first one counts. */
  readonly isAligned: boolean;
  /** Whether the text is commands of a vector drawing. */
  readonly isDrawing: boolean;
}

export const PLAIN_STYLE: AssStyle = { tags: "", alignment: 2 };

export function initialState(style: AssStyle = PLAIN_STYLE): AssState {
  return { ...style, style, isAligned: false, isDrawing: false };
}

/**
 * Payload and settings of the Text field of an ASS event ("Advanced SubStation Alpha" §"Style override codes", as libass reads them).
 * Italics, bold, underline and alignment are kept; drawings and comments are left out. Without anything to read, the payload is "".
 */
export function assCueText(text: string, style: AssStyle = PLAIN_STYLE): Pick<TextCue, "text" | "settings"> {
  const runs: StyledRun[] = [];
  let state = initialState(style);
  for (const [, block, escape, literal = ""] of text.slice(0, EVENT_LIMIT_CHARACTERS).matchAll(PARTS)) {
    if (block !== undefined) state = applyOverrides(block, state);
    else if (!state.isDrawing) runs.push({ text: ESCAPES.get(escape ?? "") ?? literal, tags: state.tags });
  }
  return { text: payloadOf(runs), settings: settingsOf(state.alignment) };
}

/** Karaoke and signs with a path to follow take some KiB; of a line of megabytes, no more than this is looked at. */
const EVENT_LIMIT_CHARACTERS = 256 * 1024;

/** A block of overrides, an escape, or text up to the next of these. A brace that is not closed is text. */
const PARTS = /\{([^{}]*)\}|\\([Nnh{}])|([^{\\]+|[{\\])/gu;

/** A soft line break is a blank in the usual wrapping style. */
const ESCAPES = new Map([
  ["N", "\n"],
  ["n", " "],
  ["h", "\u00a0"],
  ["{", "{"],
  ["}", "}"],
]);

/** Overrides in one block that are looked at: karaoke has one per syllable. */
const OVERRIDES_LIMIT = 500;

/** The state behind a block of overrides like `\an8\i1`. Whatever WebVTT cannot say is stepped over. */
export function applyOverrides(block: string, state: AssState): AssState {
  let next = state;
  // What comes before the first backslash is a comment.
  for (const override of block.split("\\", OVERRIDES_LIMIT).slice(1)) {
    const [, name, value = ""] = OVERRIDE.exec(override.trim()) ?? [];
    if (name !== undefined) next = applyOverride(name, value, next);
    else if (override.startsWith("r")) next = { ...next, tags: next.style.tags };
  }
  return next;
}

/** Whole overrides only: `\bord2`, `\blur3`, `\iclip(…)` and `\pos(…)` are others. */
const OVERRIDE = /^(an|[aibup])(\d{0,4})$/;

/** From here on a font weight looks bold. */
const BOLD_WEIGHT = 600;

function applyOverride(name: string, value: string, state: AssState): AssState {
  const number = Number(value);
  switch (name) {
    case "an":
      return aligned(number, state);
    case "a":
      return aligned(keypadAlignment(number), state);
    case "p":
      return { ...state, isDrawing: number > 0 };
    case "b":
      return switched("b", value, { isOn: number === 1 || number >= BOLD_WEIGHT }, state);
    default:
      return switched(name, value, { isOn: number === 1 }, state);
  }
}

/** An override without a value goes back to what the style says. */
function switched(tag: string, value: string, { isOn }: { readonly isOn: boolean }, state: AssState): AssState {
  return { ...state, tags: switchTag(state.tags, tag, value === "" ? state.style.tags.includes(tag) : isOn) };
}

function aligned(alignment: number, state: AssState): AssState {
  if (state.isAligned || !(alignment >= 1 && alignment <= 9)) return state;
  return { ...state, alignment, isAligned: true };
}

/** Alignments of SSA (v4.00): 1 to 3 from left to right, and 4 more at the top, 8 more in the middle. */
export function keypadAlignment(alignment: number): number {
  const column = alignment & 3;
  if (column === 0 || alignment > 11) return 0;
  if ((alignment & 4) !== 0) return column + 6;
  return (alignment & 8) !== 0 ? column + 3 : column;
}

/** WebVTT settings (§4.4) for a place as on a numeric keypad; "" for the usual one. */
export function settingsOf(alignment: number): string {
  const line = ["", "line:50%", "line:0"][Math.ceil(alignment / 3) - 1] ?? "";
  const align = ["align:right", "align:left", ""][alignment % 3] ?? "";
  return [line, align].filter((setting) => setting !== "").join(" ");
}

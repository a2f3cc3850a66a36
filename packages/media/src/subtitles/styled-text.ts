import { CUE_TEXT_LIMIT_CHARACTERS } from "./text-cue.ts";

/** Text in one style: what the markup of every format comes down to. */
export interface StyledRun {
  /** Plain: nothing in it is escaped. Lines end with `\n`, `\r` or both. */
  readonly text: string;
  /** Letters of the WebVTT tags around it, the outermost first: `i`, `b`, `u`. */
  readonly tags: string;
}

/** Switches a tag on, as the innermost, or off. */
export function switchTag(tags: string, tag: string, isOn: boolean): string {
  const others = tags.replace(tag, "");
  return isOn ? (others === tags ? tags + tag : tags) : others;
}

/** The WebVTT cue payload (W3C WebVTT §4.2.2) for styled text, without blank lines: one would end the cue. */
export function payloadOf(runs: readonly StyledRun[]): string {
  let payload = "";
  let open = "";
  for (const { text, tags } of visibleRuns(runs)) {
    const kept = commonStart(open, tags);
    payload += closing(open.slice(kept)) + opening(tags.slice(kept)) + escaped(text);
    open = tags;
  }
  return payload + closing(open);
}

/** Runs without control characters and blank lines, in all at most CUE_TEXT_LIMIT_CHARACTERS long. */
function visibleRuns(runs: readonly StyledRun[]): StyledRun[] {
  return linesOfRuns(runs)
    .filter((line) => line.some(({ text }) => text.trim() !== ""))
    .flatMap((line, index) => line.map((run, place) => (index > 0 && place === 0 ? startingLine(run) : run)));
}

function linesOfRuns(runs: readonly StyledRun[]): StyledRun[][] {
  const lines: StyledRun[][] = [[]];
  let remaining = CUE_TEXT_LIMIT_CHARACTERS;
  for (const { text, tags } of runs) {
    const [first = "", ...others] = cutTo(remaining, text).split(/[\r\n]/);
    lines.at(-1)?.push(...runOf(first, tags));
    for (const line of others) lines.push(runOf(line, tags));
    remaining -= Math.min(text.length, remaining);
  }
  return lines;
}

function runOf(text: string, tags: string): StyledRun[] {
  const printable = text.replace(/\t/g, " ").replace(/\p{Cc}/gu, "");
  return printable === "" ? [] : [{ text: printable, tags }];
}

/** Not between the two halves of a character beyond the Basic Multilingual Plane. */
function cutTo(lengthCharacters: number, text: string): string {
  if (text.length <= lengthCharacters) return text;
  return text.slice(0, lengthCharacters).replace(/[\uD800-\uDBFF]$/, "");
}

function startingLine({ text, tags }: StyledRun): StyledRun {
  return { text: `\n${text}`, tags };
}

function commonStart(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}

function opening(tags: string): string {
  return Array.from(tags, (tag) => `<${tag}>`).join("");
}

function closing(tags: string): string {
  return Array.from(tags, (tag) => `</${tag}>`)
    .reverse()
    .join("");
}

/** With every `>` escaped, no text can hold the `-->` that starts another cue. */
function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

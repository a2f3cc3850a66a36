import { finished, type Steps } from "../steps.ts";
import { AssStyles, fieldsByName, formatOf, scriptLines } from "./ass-script.ts";
import { assCueText } from "./ass-text.ts";
import { clockSeconds } from "./clock-time.ts";
import { CUES_LIMIT, type CueDraft, settledCues, type TextCue } from "./text-cue.ts";

/**
 * The cues of an ASS or SSA script, by their start, with what WebVTT can say of their looks. Events that only draw are left out,
 * and so are comments. A script without a Format line is read as v4+. Never throws; the limits are those of `parseSrt`.
 */
export function parseAss(text: string): TextCue[] {
  return finished(assSteps(text));
}

export function* assSteps(text: string): Steps<TextCue[]> {
  const styles = new AssStyles();
  const drafts: CueDraft[] = [];
  let format = DEFAULT_EVENT_FORMAT;
  for (const line of scriptLines(text)) {
    yield;
    styles.read(line);
    if (line.key === "format" && line.section === "events") format = eventFormatOf(line.value);
    if (line.key !== "dialogue") continue;
    const draft = draftOf(fieldsByName(line.value, format), styles);
    if (draft !== undefined) drafts.push(draft);
    if (drafts.length === CUES_LIMIT) break;
  }
  return settledCues(drafts);
}

const DEFAULT_EVENT_FORMAT = formatOf("Layer,Start,End,Style,Name,MarginL,MarginR,MarginV,Effect,Text");

/** Only a format with all that it takes to show a text is one. */
function eventFormatOf(value: string): string[] {
  const format = formatOf(value);
  const isUsable = ["start", "end", "text"].every((name) => format.includes(name));
  return isUsable ? format : DEFAULT_EVENT_FORMAT;
}

function draftOf(fields: ReadonlyMap<string, string>, styles: AssStyles): CueDraft | undefined {
  const startSeconds = clockSeconds(fields.get("start") ?? "");
  if (startSeconds === undefined) return undefined;
  const endSeconds = clockSeconds(fields.get("end") ?? "");
  // Templates of effects and lines that are switched off take no time; players of ASS do not show them.
  if (endSeconds !== undefined && endSeconds <= startSeconds) return undefined;
  return { startSeconds, endSeconds, ...assCueText(fields.get("text") ?? "", styles.named(fields.get("style") ?? "")) };
}

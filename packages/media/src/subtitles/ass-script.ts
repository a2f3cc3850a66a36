import { type AssStyle, keypadAlignment, PLAIN_STYLE } from "./ass-text.ts";
import { linesOf } from "./lines.ts";

/** A line of a script like `Dialogue: 0,0:00:01.00,…` with the section that it stands in. */
interface ScriptLine {
  /** In lower case, without brackets: `v4+ styles`, `events`; "" above the first one. */
  readonly section: string;
  /** In lower case: `format`, `style`, `dialogue`; "" if there is none. */
  readonly key: string;
  readonly value: string;
}

/** The lines of an ASS or SSA script that have the form `Key: value`; others come without a key. */
export function* scriptLines(script: string): Generator<ScriptLine, void> {
  let section = "";
  for (const line of linesOf(script)) {
    const trimmed = line.trim();
    const header = sectionOf(trimmed);
    const colon = trimmed.indexOf(":");
    if (header !== undefined) section = header;
    if (header !== undefined || colon <= 0) yield { section, key: "", value: "" };
    else yield { section, key: trimmed.slice(0, colon).toLowerCase(), value: trimmed.slice(colon + 1).trimStart() };
  }
}

/** The name of the section that a line like `[Events]` starts, in lower case. */
export function sectionOf(line: string): string | undefined {
  return /^\[([^[\]]{1,60})\]$/.exec(line.trim())?.[1]?.toLowerCase();
}

/** The fields of a line, as many as there are names: the last one holds whatever commas are left. */
export function fieldsByName(value: string, names: readonly string[]): ReadonlyMap<string, string> {
  const fields = splitFields(value, names.length);
  return new Map(fields.map((field, index) => [names[index] ?? "", field]));
}

/** At most `count` fields, the last one with its commas. */
export function splitFields(value: string, count: number): string[] {
  const fields: string[] = [];
  let start = 0;
  while (fields.length < count - 1) {
    const comma = value.indexOf(",", start);
    if (comma < 0) break;
    fields.push(value.slice(start, comma));
    start = comma + 1;
  }
  return [...fields, value.slice(start)];
}

/** Names in a Format line; a script has 23 for styles. */
const FORMAT_FIELDS_LIMIT = 64;

/** The names of a Format line, in lower case. */
export function formatOf(value: string): string[] {
  return value.split(",", FORMAT_FIELDS_LIMIT).map((name) => name.trim().toLowerCase());
}

/** Styles of one script that are kept; those made by converters have hundreds. */
const STYLES_LIMIT = 1000;

/** Where no Format line says otherwise: the fields of v4+ that matter here, by their place. */
const DEFAULT_STYLE_FORMAT = formatOf(
  "Name,Fontname,Fontsize,PrimaryColour,SecondaryColour,OutlineColour,BackColour,Bold,Italic,Underline,StrikeOut," +
    "ScaleX,ScaleY,Spacing,Angle,BorderStyle,Outline,Shadow,Alignment,MarginL,MarginR,MarginV,Encoding",
);

/** The styles that a script defines, by name. */
export class AssStyles {
  readonly #styles = new Map<string, AssStyle>();
  #format = DEFAULT_STYLE_FORMAT;

  /** Takes a line of the script; those that are not about styles are none of its business. */
  read({ section, key, value }: ScriptLine): void {
    if (!/^v4\+* styles\+*$/.test(section)) return;
    if (key === "format") this.#format = formatOf(value);
    if (key !== "style" || this.#styles.size >= STYLES_LIMIT) return;
    const fields = fieldsByName(value, this.#format);
    this.#styles.set(styleName(fields.get("name") ?? ""), styleOf(fields, { isOldFormat: section === "v4 styles" }));
  }

  /** What the event's style says; the usual look if there is no such style. */
  named(name: string): AssStyle {
    return this.#styles.get(styleName(name)) ?? PLAIN_STYLE;
  }
}

/** Of a script's styles. */
export function stylesOf(script: string): AssStyles {
  const styles = new AssStyles();
  for (const line of scriptLines(script)) styles.read(line);
  return styles;
}

/** SSA marks styles with a star where it is not sure that they exist. */
function styleName(name: string): string {
  return name.trim().replace(/^\*+/, "").toLowerCase();
}

/** Bold is left out: it is the look of most fonts that fansubs choose, and means nothing. */
function styleOf(fields: ReadonlyMap<string, string>, { isOldFormat }: { isOldFormat: boolean }): AssStyle {
  const written = Number(fields.get("alignment") ?? PLAIN_STYLE.alignment);
  const alignment = isOldFormat ? keypadAlignment(written) : written;
  const isOn = (name: string): boolean => Number(fields.get(name) ?? 0) !== 0;
  return {
    tags: `${isOn("italic") ? "i" : ""}${isOn("underline") ? "u" : ""}`,
    alignment: alignment >= 1 && alignment <= 9 ? alignment : PLAIN_STYLE.alignment,
  };
}

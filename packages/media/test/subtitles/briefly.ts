import type { TextCue } from "../../src/index.ts";

/** A cue in one line, so that tables of expectations stay readable: `start-end text [settings]`, its lines parted by `|`. */
export function briefly({ startSeconds, endSeconds, text, settings }: TextCue): string {
  const where = settings === "" ? "" : ` [${settings}]`;
  return `${startSeconds}-${endSeconds} ${text.replaceAll("\n", "|")}${where}`;
}

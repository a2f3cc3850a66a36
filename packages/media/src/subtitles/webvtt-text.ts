import { CUE_TEXT_LIMIT_CHARACTERS } from "./text-cue.ts";

/** The longest text with every letter escaped and in tags of its own. */
const PAYLOAD_LIMIT_CHARACTERS = 20 * CUE_TEXT_LIMIT_CHARACTERS;

/**
 * A cue payload that stays one (W3C WebVTT §4.2.2): no blank line, which would end the cue, and no `-->`, which would start
 * another. Its tags and escapes are left as they are; a browser shows what it does not know as nothing.
 */
export function safePayload(payload: string): string {
  return payload
    .slice(0, PAYLOAD_LIMIT_CHARACTERS)
    .replaceAll("\0", "\ufffd")
    .split(/[\r\n]/)
    .filter((line) => line.trim() !== "")
    .join("\n")
    .replaceAll("-->", "--&gt;");
}

/** The settings of a cue (§4.4) that are known and well-formed, parted by single blanks. */
export function safeSettings(settings: string): string {
  const known = settings.slice(0, SETTINGS_LIMIT_CHARACTERS).split(/\s+/);
  return known.filter((setting) => SETTING.test(setting)).join(" ");
}

/** All five settings, each at its longest, are shorter. */
const SETTINGS_LIMIT_CHARACTERS = 500;

/** Regions are left out: the documents made here define none. */
const SETTING = /^(?:vertical:(?:rl|lr)|(?:line|position|size|align):[\w.%,-]{1,40})$/;

import { hexOf } from "./hex.ts";

/** Longest title kept: more is not a title. */
export const TITLE_LIMIT_CHARACTERS = 200;
/** Longest codec or language tag kept. */
export const TAG_LIMIT_CHARACTERS = 64;

/**
 * Text from a file, made safe to carry around: decoded as UTF-8 with replacement characters, ended at the first NUL,
 * without control characters and surrounding blanks, at most `limitCharacters` long.
 * It is still untrusted: whoever shows it must escape it.
 */
export function untrustedText(bytes: Uint8Array, limitCharacters: number): string {
  // A character takes at most four bytes: what lies beyond cannot become part of the result.
  const text = new TextDecoder().decode(bytes.subarray(0, limitCharacters * 4));
  const [beforeNul = ""] = text.split("\0", 1);
  const printable = beforeNul.replace(/\p{Cc}/gu, "").trim();
  return Array.from(printable).slice(0, limitCharacters).join("");
}

/** A four-character code as a tag: its printable characters, or its value in hexadecimal where it has others. */
export function fourccTag(fourcc: string): string {
  if (/^[\x20-\x7e]{4}$/.test(fourcc)) return fourcc.trimEnd();
  return `0x${hexOf(Array.from(fourcc, (character) => character.charCodeAt(0)))}`;
}

/** A language as the file says it, or undefined where it says nothing or "undetermined". */
export function languageTag(text: string | undefined): string | undefined {
  return text === undefined || !/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*$/.test(text) || text === "und" ? undefined : text;
}

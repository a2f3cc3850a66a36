import { ByteCursor } from "../byte-cursor.ts";
import { boxAt } from "../isobmff/box.ts";
import { payloadOf, type StyledRun } from "./styled-text.ts";

/**
 * The payload of a sample of 3GPP timed text, `tx3g` (3GPP TS 26.245 §5.17), which QuickTime's `text` is like: a length, text in
 * UTF-8 or with a byte order mark in UTF-16, then boxes, of which the styles are read. "" for the empty samples between cues.
 * Never throws: a text that is cut off ends there.
 */
export function timedTextPayload(sample: Uint8Array): string {
  if (sample.length < 2) return "";
  const cursor = new ByteCursor(sample, "timed text");
  const text = decoded(cursor.bytes(Math.min(cursor.u16(), sample.length - 2)));
  return payloadOf(styledRuns(text, boxAt(cursor.rest(), "styl")));
}

function decoded(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  return new TextDecoder().decode(bytes);
}

/** startChar, endChar, font-ID, face-style-flags, font-size, text-color-rgba (§5.17.1.1, §5.16). */
const STYLE_RECORD_LENGTH_BYTES = 12;

/** Bits of face-style-flags. */
const FACES = [
  [1, "b"],
  [2, "i"],
  [4, "u"],
] as const;

/** Offsets count characters, not code units. Records are in order and do not overlap; what breaks that is stepped over. */
function styledRuns(text: string, styl: Uint8Array | undefined): StyledRun[] {
  if (styl === undefined || styl.length < 2) return [{ text, tags: "" }];
  const characters = Array.from(text);
  const runs: StyledRun[] = [];
  let position = 0;
  const cursor = new ByteCursor(styl, "text styles");
  let count = cursor.u16();
  for (; count > 0 && cursor.remaining >= STYLE_RECORD_LENGTH_BYTES; count -= 1) {
    const [start, end] = [cursor.u16(), cursor.u16()];
    const flags = cursor.skip(2).u8();
    cursor.skip(5);
    if (start < position || end <= start) continue;
    const tags = FACES.flatMap(([bit, tag]) => ((flags & bit) === 0 ? [] : tag)).join("");
    runs.push({ text: characters.slice(position, start).join(""), tags: "" });
    runs.push({ text: characters.slice(start, end).join(""), tags });
    position = end;
  }
  return [...runs, { text: characters.slice(position).join(""), tags: "" }];
}

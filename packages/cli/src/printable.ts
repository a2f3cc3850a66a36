/** Names come from strangers: nothing in them may move the cursor, colour the terminal, turn the text around or end the line. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, "·");
}

/** JSON on one line that is also safe to look at in a terminal: what `printable` replaces is escaped instead. */
export function printableJson(value: unknown): string {
  return escapeUnprintable(JSON.stringify(value));
}

/** The same for JSON that is spelled already, without breaks between its lines. */
export function escapeUnprintable(json: string): string {
  // Outside of strings JSON holds none of these, and inside each code unit may be spelled \uXXXX (RFC 8259 §7).
  return json.replace(UNPRINTABLE, escapeCodeUnits);
}

/** Control and format characters, line and paragraph separators, and halves of surrogate pairs. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

function escapeCodeUnits(character: string): string {
  return Array.from({ length: character.length }, (_, index) => {
    return `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`;
  }).join("");
}

/** Longer texts are no names; a menu shows less. */
const TEXT_LIMIT_CHARACTERS = 100;

/** An attribute list (RFC 8216 §4.2); attributes that are undefined are left out. */
export function attributeList(attributes: Readonly<Record<string, string | number | undefined>>): string {
  return Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}`)
    .join(",");
}

/** A quoted-string of text that holds no quotes and control characters: of ours, or made safe by `attributeText`. */
export function quoted(text: string): string {
  return `"${text}"`;
}

/**
 * Text from a file as a quoted-string may hold it (RFC 8216 §4.1, §4.2): one line in NFC without control characters and double
 * quotes, and short. What looks like a variable reference (`{$name}`, draft-pantos-hls-rfc8216bis §4.3) loses its brace, because
 * hls.js refuses a playlist that refers to a variable it does not define.
 */
export function attributeText(text: string): string {
  const short = Array.from(text.slice(0, 2 * TEXT_LIMIT_CHARACTERS))
    .slice(0, TEXT_LIMIT_CHARACTERS)
    .join("");
  const oneLine = short.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
  return oneLine.replaceAll('"', "'").replace(/\{+\$/g, "$").normalize("NFC");
}

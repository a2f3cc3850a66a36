/** RFC 4648 §6, in the order of the values. */
const BASE32_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/** Reads an info hash as people pass it on, 40 hex or 32 base32 digits (BEP 9), as 40 lower-case hex digits. */
export function parseInfoHash(text: string): string | undefined {
  const lower = text.toLowerCase();
  if (/^[0-9a-f]{40}$/.test(lower)) return lower;
  if (/^[a-z2-7]{32}$/.test(lower)) return base32ToHex(lower);
  return undefined;
}

function base32ToHex(text: string): string {
  let bits = "";
  for (const digit of text) bits += BASE32_ALPHABET.indexOf(digit).toString(2).padStart(5, "0");
  return bits.replaceAll(/[01]{4}/g, (nibble) => Number.parseInt(nibble, 2).toString(16));
}

/** Longer names than any file system allows; the header block of a response must stay small. */
const NAME_LIMIT_CHARACTERS = 255;

/**
 * What every body from a torrent carries: nobody may run it as a page, or take it for another type than we say.
 */
export const CONTENT_SAFETY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": "sandbox",
  "x-content-type-options": "nosniff",
};

/**
 * A Content-Disposition (RFC 6266) for a name that anybody may have chosen: a fallback of harmless ASCII, and the name
 * itself, as far as it can be said, percent-encoded (RFC 8187).
 */
export function contentDisposition(kind: "inline" | "attachment", name: string): string {
  const clean = Array.from(name.replace(UNSPEAKABLE, "_")).slice(0, NAME_LIMIT_CHARACTERS).join("");
  const fallback = clean.replace(/[^\x20-\x7e]|["\\%]/gu, "_");
  return `${kind}; filename="${fallback}"; filename*=UTF-8''${percentEncode(clean)}`;
}

/** Control and format characters (line ends, marks that reverse text) and halves of surrogate pairs. */
const UNSPEAKABLE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/** `attr-char` of RFC 8187 §3.2.1 is a little less than what encodeURIComponent leaves alone. */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/['()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

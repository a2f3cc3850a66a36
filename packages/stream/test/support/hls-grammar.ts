import { expect } from "vitest";

const TAGS: readonly RegExp[] = [
  /^#EXTM3U$/,
  /^#EXT-X-VERSION:7$/,
  /^#EXT-X-INDEPENDENT-SEGMENTS$/,
  /^#EXT-X-TARGETDURATION:[1-9]\d*$/,
  /^#EXT-X-MEDIA-SEQUENCE:0$/,
  /^#EXT-X-PLAYLIST-TYPE:(?:VOD|EVENT)$/,
  /^#EXT-X-START:TIME-OFFSET=0$/,
  /^#EXT-X-MAP:URI="[^"]+"$/,
  /^#EXTINF:\d+\.\d{6},$/,
  /^#EXT-X-ENDLIST$/,
  /^#EXT-X-(?:MEDIA|STREAM-INF):/,
];
/** RFC 3986 §2: the characters of a URI. */
const URI = /^[\w.~:/?@!$&'()*+,;=%-]+$/;
/** RFC 8216 §4.2, with the types that we write. */
const ATTRIBUTE = /^([A-Z0-9-]+)=("[^"\r\n]*"|\d{1,16}(?:\.\d{1,3})?|\d+x\d+|[A-Z-]+)(?:,|$)/;

/** The lines of a playlist, each of which must be a tag that we know or a URI, in UTF-8 without control characters (RFC 8216 §4.1). */
export function linesOf(playlist: string): string[] {
  expect(playlist).toMatch(/^#EXTM3U\n#EXT-X-VERSION:7\n[^\p{Cc}\p{Cs}]*(?:\n[^\p{Cc}\p{Cs}]+)*\n$/u);
  expect(playlist).toBe(playlist.normalize("NFC"));
  const lines = playlist.trimEnd().split("\n");
  expect(lines.filter((line) => !URI.test(line) && !TAGS.some((tag) => tag.test(line)))).toEqual([]);
  return lines;
}

/** The attributes of all tags of a name, as they are written. */
export function attributesOf(playlist: string, tag: "MEDIA" | "STREAM-INF"): Readonly<Record<string, string>>[] {
  const prefix = `#EXT-X-${tag}:`;
  return linesOf(playlist)
    .filter((line) => line.startsWith(prefix))
    .map((line) => Object.fromEntries(attributePairs(line.slice(prefix.length))));
}

function attributePairs(list: string): [string, string][] {
  const pairs: [string, string][] = [];
  let rest = list;
  while (rest !== "") {
    const [whole = "", name = "", value = ""] = ATTRIBUTE.exec(rest) ?? [];
    expect(whole, `an attribute at ${rest}`).not.toBe("");
    pairs.push([name, value]);
    rest = rest.slice(whole.length);
  }
  expect(new Set(pairs.map(([name]) => name)).size, "each name once (§4.2)").toBe(pairs.length);
  return pairs;
}

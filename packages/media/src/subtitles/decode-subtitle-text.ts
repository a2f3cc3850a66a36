import { analyse, type EncodingName } from "chardet";
import { finished, type Steps } from "../steps.ts";
import { SUBTITLE_FILE_LIMIT_BYTES } from "./lines.ts";

/**
 * The text of a subtitle file, whose encoding nothing tells: by its byte order mark, as UTF-16 by its zero bytes, as UTF-8 if it is
 * valid, else in the code page whose language it looks most like. A wrong guess gives wrong letters; nothing throws.
 * Bytes beyond SUBTITLE_FILE_LIMIT_BYTES are left out.
 */
export function decodeSubtitleText(bytes: Uint8Array): string {
  return finished(decodeSteps(bytes));
}

export function* decodeSteps(bytes: Uint8Array): Steps<string> {
  const kept = bytes.subarray(0, SUBTITLE_FILE_LIMIT_BYTES);
  const told = markedEncoding(kept) ?? zeroByteEncoding(kept);
  const encoding = told ?? ((yield* utf8Steps(kept)) ? "utf-8" : guessedEncoding(kept));
  return encoding === GREEK ? yield* greekSteps(kept) : yield* textSteps(kept, encoding);
}

/** Decoded in one step. */
const STEP_BYTES = 256 * 1024;

function markedEncoding(bytes: Uint8Array): string | undefined {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return "utf-8";
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : undefined;
}

/** Enough to see a pattern. */
const ZERO_SAMPLE_LENGTH_BYTES = 4096;

/** Times, blanks and line ends are a good part of any subtitles: in UTF-16 every second byte of them is 0, and hardly any other. */
function zeroByteEncoding(bytes: Uint8Array): string | undefined {
  const sample = bytes.subarray(0, ZERO_SAMPLE_LENGTH_BYTES);
  const zeros: [number, number] = [0, 0];
  for (const [index, byte] of sample.entries()) {
    if (byte === 0) zeros[index % 2 === 0 ? 0 : 1] += 1;
  }
  const [even, odd] = zeros;
  const pairs = sample.length / 2;
  if (odd > pairs / 3 && even < odd / 20) return "utf-16le";
  return even > pairs / 3 && odd < even / 20 ? "utf-16be" : undefined;
}

/** Whether it is valid UTF-8. */
function* utf8Steps(bytes: Uint8Array): Steps<boolean> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for (let start = 0; start < bytes.length; start += STEP_BYTES) {
      decoder.decode(bytes.subarray(start, start + STEP_BYTES), { stream: true });
      yield;
    }
    // Where the limit may have cut the last character, the text is a part of a stream.
    decoder.decode(new Uint8Array(), { stream: bytes.length === SUBTITLE_FILE_LIMIT_BYTES });
    return true;
  } catch {
    return false;
  }
}

function guessedEncoding(bytes: Uint8Array): string {
  const sample = foreignSample(bytes);
  if (isMostlyUtf8(decoded(sample, "utf-8"))) return "utf-8";
  const guesses = analyse(sample).flatMap(({ name, confidence }) => {
    const encoding = ENCODINGS[name];
    return encoding === undefined ? [] : { encoding, score: confidence * plausibility(decoded(sample, encoding)) };
  });
  const best = guesses.sort((a, b) => b.score - a.score)[0];
  const encoding = best === undefined || best.score === 0 ? "windows-1252" : best.encoding;
  return encoding === "windows-1252" && isSouthSlavic(decoded(sample, encoding)) ? "windows-1250" : encoding;
}

/**
 * Croatian, Bosnian, Serbian and Slovene are not in chardet's statistics. In windows-1252 their č, ć and đ look Western, but nobody in
 * the West writes these together with many a š and ž, which are the same in both.
 */
function isSouthSlavic(decodedAsWestern: string): boolean {
  const carons = decodedAsWestern.match(/[šž]/gi) ?? [];
  return /[èæð]/i.test(decodedAsWestern) && carons.length * 10 > foreignCharacters(decodedAsWestern).length;
}

/** One in ten characters beyond ASCII may be damaged. Texts in another encoding are hardly ever valid UTF-8 at all. */
function isMostlyUtf8(decodedAsUtf8: string): boolean {
  const foreign = foreignCharacters(decodedAsUtf8);
  return foreign.filter((character) => character === "\ufffd").length * 10 < foreign.length;
}

/** What the statistics need; they take some ten ms for it. */
const SAMPLE_LIMIT_BYTES = 64 * 1024;

const NEWLINE = 0x0a;

/** From the first line on that holds more than ASCII: what comes before tells nothing, and may be all the sample has room for. */
function foreignSample(bytes: Uint8Array): Uint8Array {
  let firstForeign = 0;
  while (firstForeign < bytes.length && bytes[firstForeign]! < 0x80) firstForeign += 1;
  const lineStart = bytes.lastIndexOf(NEWLINE, firstForeign) + 1;
  return bytes.subarray(lineStart, lineStart + SAMPLE_LIMIT_BYTES);
}

/**
 * How much of what is beyond ASCII is letters and punctuation, from 0 to 1. In the wrong code page, much becomes control characters
 * and symbols, which the statistics take for blanks. Where more than one in fifty is no character at all, it is the wrong one.
 */
function plausibility(text: string): number {
  const foreign = foreignCharacters(text);
  const likely = foreign.filter((character) => LIKELY.test(character) && !HEBREW_POINT.test(character));
  const broken = foreign.filter((character) => character === "\ufffd");
  return foreign.length === 0 || broken.length * 50 > foreign.length ? 0 : likely.length / foreign.length;
}

function foreignCharacters(text: string): readonly string[] {
  return text.match(/[^\0-\x7f]/gu) ?? [];
}

const LIKELY = /[\p{L}\p{M}\p{P}\p{Zs}♪♫]/u;

/** Found in prayer books, not in subtitles; in windows-1255 they stand where other alphabets have their capitals. */
const HEBREW_POINT = /[\u0591-\u05c7]/;

/** Windows writes an accented capital alpha at 0xa2, where ISO 8859-7 has a quote; that has it at 0xb6, where Windows has a pilcrow. */
function* greekSteps(bytes: Uint8Array): Steps<string> {
  const text = yield* textSteps(bytes, GREEK);
  return /¶\p{Script=Greek}/u.test(text) ? yield* textSteps(bytes, "iso-8859-7") : text;
}

const GREEK = "windows-1253";

/** A sample as text. */
function decoded(sample: Uint8Array, encoding: string): string {
  return finished(textSteps(sample, encoding));
}

function* textSteps(bytes: Uint8Array, encoding: string): Steps<string> {
  const decoder = new TextDecoder(encoding);
  let text = "";
  for (let start = 0; start < bytes.length; start += STEP_BYTES) {
    const part = decoder.decode(bytes.subarray(start, start + STEP_BYTES), { stream: true });
    text += encoding === "windows-1252" ? withWindowsPunctuation(part) : part;
    yield;
  }
  return text + decoder.decode();
}

/** Some versions of Node.js (20.20 is one) decode windows-1252 as ISO 8859-1, which has control characters from 0x80 to 0x9f. */
function withWindowsPunctuation(text: string): string {
  return text.replace(/[\x80-\x9f]/g, (character) => WINDOWS_1252_FROM_80[character.charCodeAt(0) - 0x80] ?? character);
}

const WINDOWS_1252_FROM_80 = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";

/**
 * The code page to decode what the statistics find. Of twins it is that of Windows, which holds all letters of the other; where it
 * does not (ISO 8859-2), the two are told apart by chardet. UTF-8 and UTF-16 are settled before.
 */
const ENCODINGS: Readonly<Partial<Record<EncodingName, string>>> = {
  "ISO-8859-1": "windows-1252",
  "ISO-8859-2": "iso-8859-2",
  "ISO-8859-5": "iso-8859-5",
  "ISO-8859-6": "iso-8859-6",
  "ISO-8859-7": GREEK,
  "ISO-8859-8": "windows-1255",
  "ISO-8859-9": "windows-1254",
  "KOI8-R": "koi8-r",
  "windows-1250": "windows-1250",
  "windows-1251": "windows-1251",
  "windows-1252": "windows-1252",
  "windows-1253": GREEK,
  "windows-1254": "windows-1254",
  "windows-1255": "windows-1255",
  "windows-1256": "windows-1256",
  "windows-1257": "windows-1257",
  "windows-1258": "windows-1258",
  "windows-874": "windows-874",
  Big5: "big5",
  "EUC-JP": "euc-jp",
  "EUC-KR": "euc-kr",
  GB18030: "gb18030",
  Shift_JIS: "shift_jis",
};

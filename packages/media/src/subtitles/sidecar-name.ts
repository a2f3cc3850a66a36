import { TITLE_LIMIT_CHARACTERS } from "../untrusted-text.ts";
import { codedLanguage, type FoundLanguage, folded, namedLanguage, wordsOf } from "./languages.ts";

/** What the name of a subtitle file says of it. */
export interface SidecarDescription {
  /** BCP 47; undefined if the name does not tell. */
  readonly language: string | undefined;
  /** What else the name says; untrusted. */
  readonly title: string | undefined;
  /** Only what is foreign to the film's own language. */
  readonly isForced: boolean;
  /** Also tells who speaks, and sounds. */
  readonly isHearingImpaired: boolean;
}

/**
 * Reads a name like `Film.2019.pt-BR.forced` or `2_English [SDH]`, both without extension. Codes of languages count at the
 * end only, or right behind the film's whole name, and never what the film's name starts with too: "It" and "The Italian Job" are no languages.
 */
export function describeSidecar(name: string, videoName: string): SidecarDescription {
  const film = wordsOf(videoName).map(folded);
  const words = wordsOf(name);
  const ownWords = withoutStartOf(film, words);
  const tail = readTail(ownWords);
  const hasWholeName = words.length - ownWords.length === film.length;
  const head = tail.language === undefined && hasWholeName ? languageAtStart(tail.rest) : undefined;
  // In front of what is understood, the film may be named once more, differently.
  const rest = tail.rest.slice(head?.wordCount ?? 0).filter((word) => !film.includes(folded(word)));
  const isFlagged = (flag: Flag): boolean =>
    tail.flags.includes(flag) || rest.some((word) => flagOf(folded(word)) === flag);
  return {
    language: tail.language ?? head?.tag ?? nameWithin(rest),
    title: titleOf(rest),
    isForced: isFlagged("forced"),
    isHearingImpaired: isFlagged("hearing impaired"),
  };
}

/** The language that all of a folder's name says, as in `Subs/English/Film.srt`. */
export function languageOfFolder(name: string): string | undefined {
  const { language, rest } = readTail(wordsOf(name));
  return rest.length === 0 ? language : undefined;
}

function withoutStartOf(film: readonly string[], words: readonly string[]): readonly string[] {
  const firstOther = words.findIndex((word, index) => folded(word) !== film[index]);
  return firstOther < 0 ? [] : words.slice(firstOther);
}

interface Tail {
  readonly language: string | undefined;
  readonly flags: readonly Flag[];
  /** The words in front of what was understood. */
  readonly rest: readonly string[];
}

/** From the end backwards as long as each word is a language, a flag or noise. */
function readTail(words: readonly string[]): Tail {
  const flags: Flag[] = [];
  let language: string | undefined;
  let rest = words.map(folded);
  while (rest.length > 0) {
    const last = rest.at(-1) ?? "";
    const flag = flagOf(last) ?? impairedOrHindi(rest, language);
    const found = flag === undefined ? languageAtEnd(rest) : undefined;
    if (flag !== undefined) flags.push(flag);
    else if (found !== undefined) language ??= found.tag;
    else if (!NOISE.test(last)) break;
    rest = rest.slice(0, -(found?.wordCount ?? 1));
  }
  return { language, flags, rest: words.slice(0, rest.length) };
}

function languageAtEnd(words: readonly string[]): FoundLanguage | undefined {
  return namedLanguage(words) ?? codedLanguage(words);
}

function languageAtStart(words: readonly string[]): FoundLanguage | undefined {
  const start = words.slice(0, 2).map(folded);
  const region = languageAtEnd(start);
  return region?.wordCount === 2 ? region : languageAtEnd(start.slice(0, 1));
}

type Flag = "forced" | "hearing impaired";

function flagOf(word: string): Flag | undefined {
  if (/^(?:forced|forces?|foreign|forzados?|forcados?|erzwungen)$/.test(word)) return "forced";
  return /^(?:sdh|cc|hoh|hearing|impaired)$/.test(word) ? "hearing impaired" : undefined;
}

/** `hi` is Hindi, unless another language is told beside it. */
function impairedOrHindi(words: readonly string[], language: string | undefined): Flag | undefined {
  if (words.at(-1) !== "hi") return undefined;
  return language !== undefined || languageAtEnd(words.slice(0, -1)) !== undefined ? "hearing impaired" : undefined;
}

/** Numbers of tracks, and what all subtitles are. */
const NOISE = /^(?:\d{1,3}|subs?|subtitles?|subbed|srt|ass|utf|utf8|full|default|track|for|the)$/;

/** Written out, a language counts wherever it stands. */
function nameWithin(words: readonly string[]): string | undefined {
  const all = words.map(folded);
  for (let end = all.length; end > 0; end -= 1) {
    const found = namedLanguage(all.slice(0, end));
    if (found !== undefined) return found.tag;
  }
  return undefined;
}

function titleOf(words: readonly string[]): string | undefined {
  const telling = words.filter((word) => !/^\d{1,3}$/.test(word) && flagOf(folded(word)) === undefined);
  return telling.join(" ").slice(0, TITLE_LIMIT_CHARACTERS) || undefined;
}

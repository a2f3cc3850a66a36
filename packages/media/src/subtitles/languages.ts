/** The words of a name, for people to read. */
export function wordsOf(name: string): string[] {
  return name.match(/[\p{L}\p{M}\p{N}&]+(?:['’][\p{L}\p{M}\p{N}]+)*/gu) ?? [];
}

/** A word as names are compared: without case and accents. */
export function folded(word: string): string {
  return word.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");
}

export interface FoundLanguage {
  /** BCP 47. */
  readonly tag: string;
  /** How many words say it. */
  readonly wordCount: number;
}

/** Words in the longest name of a language, as "Latin American Spanish". */
const NAME_LIMIT_WORDS = 3;

/** The language whose name, English or its own, is the last of these words, which are `folded`. */
export function namedLanguage(words: readonly string[]): FoundLanguage | undefined {
  for (let wordCount = Math.min(NAME_LIMIT_WORDS, words.length); wordCount > 0; wordCount -= 1) {
    const tag = languageNames().get(words.slice(-wordCount).join(" "));
    if (tag !== undefined) return { tag, wordCount };
  }
  return undefined;
}

/** The language whose code is the last of these `folded` words: ISO 639-1 or -2, what people take for it, or with a region behind it. */
export function codedLanguage(words: readonly string[]): FoundLanguage | undefined {
  const [language = "", last = ""] = [words.at(-2), words.at(-1)];
  const region =
    languageOfCode(language) === undefined ? undefined : REGIONS.get(languageOfCode(language) ?? "")?.get(last);
  if (region !== undefined) return { tag: region, wordCount: 2 };
  const tag = languageOfCode(last);
  return tag === undefined ? undefined : { tag, wordCount: 1 };
}

/** Those that subtitles are in, with ISO 639-1 codes where they have one. */
const LANGUAGES =
  "ar az bg bn bs ca cs cy da de el en es et eu fa fi fil fr ga gl he hi hr hu hy id is it ja ka kk km kn ko lt lv mk ml mn ms nb nl nn " +
  "no pl pt ro ru sk sl sq sr sv sw ta te th tr uk ur uz vi zh";

/** Regions and scripts that make a difference to readers. */
const VARIANTS =
  "en-GB en-US en-AU en-CA es-419 es-ES es-MX fr-CA fr-FR de-AT de-CH nl-BE pt-BR pt-PT sr-Latn sr-Cyrl zh-Hans zh-Hant";

/** What the names of languages in the Unicode CLDR, which JavaScript knows, leave out. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  "es-419":
    "latin american|latin america|latino|latinoamerica|spanish latin america|spanish latin american|espanol latino",
  "es-ES": "castellano|castilian|spanish spain|spanish castilian|spanish european",
  "fr-CA": "french canadian|french canada|quebecois",
  "pt-BR": "brazilian|brazil|brasil|portuguese brazilian|portuguese brazil",
  "pt-PT": "portuguese portugal|portuguese european|portuguese iberian|portugues portugal",
  "zh-Hans": "chinese simplified|simplified|简体|简中|简|简体字|中文简体",
  "zh-Hant": "chinese traditional|traditional|繁体|繁體|繁中|繁|中文繁體",
  "sr-Latn": "serbian latin",
  "sr-Cyrl": "serbian cyrillic",
  fa: "farsi",
  id: "bahasa|bahasa indonesia",
  ms: "bahasa melayu",
  yue: "cantonese|粤语|粵語",
  zh: "mandarin|国语|國語",
};

/** Not in ISO 639, or something else there, but this to those who name subtitles. */
const OTHER_CODES = new Map([
  ["br", "pt-BR"],
  ["chs", "zh-Hans"],
  ["cht", "zh-Hant"],
  ["cn", "zh"],
  ["cz", "cs"],
  ["dk", "da"],
  ["esp", "es"],
  ["gr", "el"],
  ["jap", "ja"],
  ["jp", "ja"],
  ["kr", "ko"],
  ["lat", "es-419"],
  ["pb", "pt-BR"],
  ["pob", "pt-BR"],
  ["ptbr", "pt-BR"],
  ["sc", "zh-Hans"],
  ["se", "sv"],
  ["tc", "zh-Hant"],
  ["ua", "uk"],
  ["vff", "fr"],
  ["vfq", "fr-CA"],
  ["vostfr", "fr"],
]);

const KNOWN = new Set(LANGUAGES.split(" "));

function languageOfCode(code: string): string | undefined {
  if (!/^[a-z]{2,6}$/.test(code)) return undefined;
  const other = OTHER_CODES.get(code);
  if (other !== undefined) return other;
  // CLDR's aliases turn ISO 639-2 into 639-1, both "fre" and "fra".
  const tag = code.length > 3 ? undefined : Intl.getCanonicalLocales(code)[0];
  return tag !== undefined && KNOWN.has(tag) ? tag : undefined;
}

/** By language, what follows its code, and the tag that both make. */
const REGIONS: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map(
  Object.entries({
    de: { de: "de", at: "de-AT", ch: "de-CH" },
    en: { au: "en-AU", ca: "en-CA", gb: "en-GB", uk: "en-GB", us: "en-US" },
    es: { "419": "es-419", la: "es-419", lat: "es-419", es: "es-ES", mx: "es-MX" },
    fr: { ca: "fr-CA", fr: "fr-FR" },
    it: { it: "it" },
    nl: { be: "nl-BE", nl: "nl" },
    pt: { br: "pt-BR", pt: "pt-PT" },
    sr: { cyrl: "sr-Cyrl", latn: "sr-Latn" },
    sv: { se: "sv" },
    zh: {
      cn: "zh-Hans",
      hans: "zh-Hans",
      sim: "zh-Hans",
      hant: "zh-Hant",
      hk: "zh-Hant",
      tra: "zh-Hant",
      tw: "zh-Hant",
    },
  }).map(([language, regions]) => [language, new Map(Object.entries(regions))]),
);

let names: ReadonlyMap<string, string> | undefined;

/** Tags by `folded` names. Made when first asked for: it takes some ms. */
function languageNames(): ReadonlyMap<string, string> {
  names ??= new Map([
    ...`${LANGUAGES} ${VARIANTS}`
      .split(" ")
      .flatMap((tag) => [[foldedName(nameOf(tag, "en")), tag] as const, [foldedName(nameOf(tag, tag)), tag] as const]),
    ...Object.entries(OTHER_NAMES).flatMap(([tag, others]) =>
      others.split("|").map((name) => [foldedName(name), tag] as const),
    ),
  ]);
  return names;
}

function nameOf(tag: string, inLanguage: string): string {
  return new Intl.DisplayNames([inLanguage], { type: "language" }).of(tag) ?? tag;
}

function foldedName(name: string): string {
  return wordsOf(name).map(folded).join(" ");
}

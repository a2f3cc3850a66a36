import { attributeText, quoted } from "./attributes.ts";

/** What a file says of a track in words. Untrusted. */
export interface NamedTrack {
  readonly title: string | undefined;
  readonly language: string | undefined;
}

/** RFC 5646 §4.4.1 asks for room for 35 characters. */
const LANGUAGE_LIMIT_CHARACTERS = 35;

/**
 * A quoted NAME for each track, none of them twice (RFC 8216 §4.3.4.1.1): its title, the English name of its language, or what
 * it is with its number, as in "Audio 2".
 */
export function uniqueNames(tracks: readonly NamedTrack[], kind: string): string[] {
  const taken = new Set<string>();
  return tracks.map((track, position) => {
    const name = attributeText(track.title ?? "") || languageName(track) || `${kind} ${position + 1}`;
    let unique = name;
    for (let number = 2; taken.has(unique); number += 1) unique = `${name} (${number})`;
    taken.add(unique);
    return quoted(unique);
  });
}

/** The language of a track as BCP 47 wants it (`de` for `ger`); undefined if the file says none, or no language. */
export function languageOf({ language }: NamedTrack): string | undefined {
  if (language === undefined || language.length > LANGUAGE_LIMIT_CHARACTERS) return undefined;
  try {
    const [canonical = ""] = Intl.getCanonicalLocales(language);
    // Longer words are well-formed too, but no language has one (RFC 5646 §2.2.1). "und" says that nobody knows.
    return /^(?!und\b)[a-z]{2,3}\b/.test(canonical) ? canonical : undefined;
  } catch {
    return undefined;
  }
}

function languageName(track: NamedTrack): string | undefined {
  const language = languageOf(track);
  return language === undefined ? undefined : LANGUAGE_NAMES.of(language);
}

/** Gives the tag itself where English has no name for it. */
const LANGUAGE_NAMES = new Intl.DisplayNames(["en"], { type: "language" });

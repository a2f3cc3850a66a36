import type { Translated } from "../i18n/language.tsx";

interface LibraryTexts {
  readonly nothingHere: string;
}

export const libraryTexts: Translated<LibraryTexts> = {
  en: { nothingHere: "Nothing here yet. Paste a magnet link above." },
  de: { nothingHere: "Noch ist nichts da. Füge oben einen Magnet-Link ein." },
};

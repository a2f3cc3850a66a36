import type { Translated } from "../i18n/language.tsx";

interface PageTexts {
  readonly language: string;
  readonly connectionLost: string;
  readonly dismiss: string;
  readonly copied: string;
  copyNotAllowed(text: string): string;
  readonly broken: string;
  readonly reload: string;
  readonly loading: string;
}

/** Texts of what is around every page. */
export const pageTexts: Translated<PageTexts> = {
  en: {
    language: "Language",
    connectionLost: "The connection to Riptide is lost. Trying again…",
    dismiss: "Dismiss",
    copied: "Copied. Paste it into VLC, mpv or another player.",
    copyNotAllowed: (text) => `Copying is not allowed here. The address is ${text}`,
    broken: "This page has run into an error of its own.",
    reload: "Load it again",
    loading: "Loading…",
  },
  de: {
    language: "Sprache",
    connectionLost: "Die Verbindung zu Riptide ist abgerissen. Neuer Versuch…",
    dismiss: "Schließen",
    copied: "Kopiert. Füge es in VLC, mpv oder einem anderen Player ein.",
    copyNotAllowed: (text) => `Kopieren ist hier nicht erlaubt. Die Adresse ist ${text}`,
    broken: "Diese Seite ist auf einen eigenen Fehler gestoßen.",
    reload: "Neu laden",
    loading: "Lädt…",
  },
};

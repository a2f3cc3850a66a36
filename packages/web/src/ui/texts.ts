import type { Translated } from "../i18n/language.tsx";

interface PageTexts {
  readonly language: string;
  readonly connectionLost: string;
  readonly folderLost: string;
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
    folderLost:
      "The data folder of Riptide is gone: what it fetches now is lost. Bring it back, or start Riptide again.",
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
    folderLost:
      "Der Datenordner von Riptide ist weg: Was jetzt geladen wird, geht verloren. Bring ihn zurück, oder starte Riptide neu.",
    dismiss: "Schließen",
    copied: "Kopiert. Füge es in VLC, mpv oder einem anderen Player ein.",
    copyNotAllowed: (text) => `Kopieren ist hier nicht erlaubt. Die Adresse ist ${text}`,
    broken: "Diese Seite ist auf einen eigenen Fehler gestoßen.",
    reload: "Neu laden",
    loading: "Lädt…",
  },
};

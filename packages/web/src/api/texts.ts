import type { Translated } from "../i18n/language.tsx";

interface ApiTexts {
  readonly unreachable: string;
  answered(status: string): string;
}

/** What the page says where the server says nothing. */
export const apiTexts: Translated<ApiTexts> = {
  en: {
    unreachable: "Riptide does not answer. Is it still running?",
    answered: (status) => `Riptide answered ${status}.`,
  },
  de: {
    unreachable: "Riptide antwortet nicht. Läuft es noch?",
    answered: (status) => `Riptide hat mit ${status} geantwortet.`,
  },
};

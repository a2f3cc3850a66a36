import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { formatBitRate, formatBytes, formatRate } from "../format.ts";

/** The languages of the page. A part of it has its texts in a file of its own, `texts.ts`, in all of them. */
export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;

/** The texts of one part of the page. Those with a number or a name in them are functions. */
export type Translated<Texts> = Readonly<Record<Language, Texts>>;

interface LanguageChoice {
  readonly language: Language;
  readonly choose: (language: Language) => void;
}

const STORED_AS = "riptide.language";
const LanguageContext = createContext<LanguageChoice | undefined>(undefined);

/** Knows in which language to speak: the one that was chosen here, else the browser's if we speak it, else English. */
export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState(firstLanguage);
  const value = useMemo(() => {
    const choose = (chosen: Language): void => {
      localStorage.setItem(STORED_AS, chosen);
      setLanguage(chosen);
    };
    return { language, choose };
  }, [language]);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  return <LanguageContext value={value}>{children}</LanguageContext>;
}

export function useLanguage(): LanguageChoice {
  const context = useContext(LanguageContext);
  if (context === undefined) throw new Error("There is no LanguageProvider above.");
  return context;
}

export function useTexts<Texts>(texts: Translated<Texts>): Texts {
  return texts[useLanguage().language];
}

/** Texts for what is no component, as of now. */
export function textsNow<Texts>(texts: Translated<Texts>): Texts {
  const { lang } = document.documentElement;
  return texts[isLanguage(lang) ? lang : "en"];
}

/** Sizes and rates as they are written in the chosen language. */
export function useFormat() {
  const { language } = useLanguage();
  return useMemo(
    () => ({
      bytes: (bytes: number) => formatBytes(bytes, language),
      rate: (bytesPerSecond: number) => formatRate(bytesPerSecond, language),
      bitRate: (bytesPerSecond: number) => formatBitRate(bytesPerSecond, language),
    }),
    [language],
  );
}

function firstLanguage(): Language {
  const wanted = [localStorage.getItem(STORED_AS) ?? "", ...navigator.languages].map((tag) => tag.slice(0, 2));
  return wanted.find(isLanguage) ?? "en";
}

export function isLanguage(tag: string): tag is Language {
  return Object.hasOwn(LANGUAGES, tag);
}

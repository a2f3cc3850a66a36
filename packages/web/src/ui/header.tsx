import { Link } from "wouter";
import { isLanguage, LANGUAGES, useLanguage, useTexts } from "../i18n/language.tsx";
import styles from "./header.module.css";
import { pageTexts } from "./texts.ts";

/** The name of the page, which leads home, and the language. */
export function Header() {
  const texts = useTexts(pageTexts);
  const { language, choose } = useLanguage();
  return (
    <header className={styles["header"]}>
      <Link href="/" className={styles["home"]}>
        <img src="/icon.svg" alt="" width="32" height="32" />
        Riptide
      </Link>
      <label className={styles["language"]}>
        <span className="visually-hidden">{texts.language}</span>
        <select
          value={language}
          data-testid="language"
          onChange={({ currentTarget: { value } }) => {
            if (isLanguage(value)) choose(value);
          }}
        >
          {Object.entries(LANGUAGES).map(([tag, name]) => (
            <option key={tag} value={tag} lang={tag}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </header>
  );
}

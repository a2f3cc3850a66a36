import { useTexts } from "../i18n/language.tsx";
import styles from "./connection-banner.module.css";
import { pageTexts } from "./texts.ts";

/** Says that the server does not answer, for as long as that is so. */
export function ConnectionBanner({ isConnected }: { readonly isConnected: boolean }) {
  const texts = useTexts(pageTexts);
  return (
    <div role="status" className={styles["place"]}>
      {!isConnected && <p className={styles["banner"]}>{texts.connectionLost}</p>}
    </div>
  );
}

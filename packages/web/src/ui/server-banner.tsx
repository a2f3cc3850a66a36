import type { ServerState } from "../api/torrents.ts";
import { useTexts } from "../i18n/language.tsx";
import styles from "./server-banner.module.css";
import { pageTexts } from "./texts.ts";

/** Says that the server does not answer, or has lost its data folder, for as long as that is so. */
export function ServerBanner({ isConnected, hasLostFolder }: ServerState) {
  const texts = useTexts(pageTexts);
  return (
    <div role="status" className={styles["place"]}>
      {!isConnected && <p className={styles["banner"]}>{texts.connectionLost}</p>}
      {isConnected && hasLostFolder && <p className={styles["banner"]}>{texts.folderLost}</p>}
    </div>
  );
}

import { useLink } from "../api/use-link.ts";
import { useTexts } from "../i18n/language.tsx";
import { useCopyText } from "../ui/copy-text.ts";
import { usePlayer } from "./player-context.ts";
import styles from "./start-trace.module.css";
import { watchTexts } from "./texts.ts";

/** What can be done about a film that does not play here. */
export function NextSteps() {
  const texts = useTexts(watchTexts);
  const copy = useCopyText();
  const { infoHash, index, film, file } = usePlayer();
  const url = useLink(infoHash, index, true);
  return (
    <div className={styles["steps"]}>
      <button type="button" data-testid="try-again" onClick={film.restart}>
        {texts.tryAgain}
      </button>
      <a href={`vlc://${url}`}>{texts.openInVlc}</a>
      <button type="button" onClick={() => void copy(url)}>
        {texts.copyAddress}
      </button>
      <a href={url} download={file?.path.split("/").at(-1) ?? ""}>
        {texts.download}
      </a>
    </div>
  );
}

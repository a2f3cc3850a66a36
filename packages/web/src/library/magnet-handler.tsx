import { useTexts } from "../i18n/language.tsx";
import { useMessages } from "../ui/messages.tsx";
import styles from "./add-form.module.css";
import { libraryTexts } from "./texts.ts";

/**
 * Has magnet links of other pages open here, where the browser can do so: over HTTPS or on this very machine. They lead to
 * `AddConfirmation`.
 */
export function MagnetHandler() {
  const texts = useTexts(libraryTexts);
  const { tell, complain } = useMessages();
  if (!("registerProtocolHandler" in navigator)) return null;
  const register = (): void => {
    try {
      navigator.registerProtocolHandler("magnet", `${location.origin}/?add=%s`);
      tell(texts.handlesMagnets);
    } catch (error) {
      complain(error);
    }
  };
  return (
    <button type="button" className={styles["handler"]} data-testid="handle-magnets" onClick={register}>
      {texts.handleMagnets}
    </button>
  );
}

import { useTexts } from "../i18n/language.tsx";
import { useMessages } from "./messages.tsx";
import { pageTexts } from "./texts.ts";

/** What copies a text, also on a page served over plain HTTP in the LAN, where browsers have no clipboard, and says so. */
export function useCopyText(): (text: string) => Promise<void> {
  const texts = useTexts(pageTexts);
  const { tell, complain } = useMessages();
  return async (text) => {
    try {
      if (isSecureContext) await navigator.clipboard.writeText(text);
      else copySelected(text);
      tell(texts.copied);
    } catch {
      complain(texts.copyNotAllowed(text));
    }
  };
}

/** A menu or a dialog takes the focus back from whatever lies outside of it: the field is made inside. */
function copySelected(text: string): void {
  const field = document.createElement("textarea");
  field.value = text;
  field.readOnly = true;
  field.className = "visually-hidden";
  const focused = document.activeElement;
  (focused?.closest("[role=menu], [role=dialog], [role=alertdialog]") ?? document.body).append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  if (!isCopied) throw new Error("The browser refused to copy.");
}

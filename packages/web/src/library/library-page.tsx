import { useTorrents } from "../api/torrents.ts";
import { useTexts } from "../i18n/language.tsx";
import { libraryTexts } from "./texts.ts";

/** What there is, and how to add more. */
export function LibraryPage({ isConnected }: { readonly isConnected: boolean }) {
  const texts = useTexts(libraryTexts);
  const torrents = useTorrents();
  return <main data-connected={isConnected}>{torrents?.length === 0 && <p>{texts.nothingHere}</p>}</main>;
}

import { useTorrents } from "../api/torrents.ts";
import { useTexts } from "../i18n/language.tsx";
import { Header } from "../ui/header.tsx";
import { useTitle } from "../ui/use-title.ts";
import { libraryTexts } from "./texts.ts";

/** What there is, and how to add more. */
export function LibraryPage() {
  const texts = useTexts(libraryTexts);
  const torrents = useTorrents();
  useTitle();
  return (
    <>
      <Header />
      <main>{torrents?.length === 0 && <p>{texts.nothingHere}</p>}</main>
    </>
  );
}

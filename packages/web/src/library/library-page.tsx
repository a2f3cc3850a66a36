import { useTorrents } from "../api/torrents.ts";
import { Header } from "../ui/header.tsx";
import { useTitle } from "../ui/use-title.ts";
import { AddAnywhere } from "./add-anywhere.tsx";
import { AddConfirmation } from "./add-confirmation.tsx";
import { AddForm } from "./add-form.tsx";
import { ContinueWatching } from "./continue-watching.tsx";
import styles from "./library-page.module.css";
import { TorrentList } from "./torrent-list.tsx";

/** What there is, what to go on with, and how to add more. */
export function LibraryPage() {
  const torrents = useTorrents();
  useTitle();
  return (
    <>
      <Header />
      <main className={styles["page"]}>
        <AddForm />
        {torrents !== undefined && (
          <>
            <ContinueWatching torrents={torrents} />
            <TorrentList torrents={torrents} />
          </>
        )}
      </main>
      <AddAnywhere />
      <AddConfirmation />
    </>
  );
}

import { MediaProvider } from "media-chrome/react/media-store";
import { useState } from "react";
import { Link } from "wouter";
import { useTorrents } from "../api/torrents.ts";
import { useTexts } from "../i18n/language.tsx";
import { Player } from "./player.tsx";
import { watchTexts } from "./texts.ts";
import styles from "./watch-page.module.css";

/** Plays one file of one torrent. What is shown in full screen stays the same from one episode to the next. */
export function WatchPage({ infoHash, index }: { readonly infoHash: string; readonly index: number }) {
  const texts = useTexts(watchTexts);
  const [stage, setStage] = useState<HTMLElement | null>(null);
  const isGone = useIsGone(infoHash, index);
  return (
    <main ref={setStage} className={styles["stage"]} aria-label={texts.player}>
      {isGone && (
        <div className={styles["gone"]}>
          <p role="alert">{texts.gone}</p>
          <Link href="/">{texts.back}</Link>
        </div>
      )}
      {!isGone && stage !== null && (
        <MediaProvider key={`${infoHash}/${index}`}>
          <Player infoHash={infoHash} index={index} stage={stage} />
        </MediaProvider>
      )}
    </main>
  );
}

/** Whether it is known that there is no such file, or no longer. */
function useIsGone(infoHash: string, index: number): boolean {
  const torrents = useTorrents();
  if (torrents === undefined) return false;
  const torrent = torrents.find((each) => each.infoHash === infoHash);
  if (torrent === undefined) return true;
  return torrent.state === "ready" && !torrent.files.some((file) => file.index === index);
}

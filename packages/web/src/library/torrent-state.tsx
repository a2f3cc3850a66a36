import type { Torrent } from "@riptide/http";
import { formatShare } from "../format.ts";
import { useFormat, useTexts } from "../i18n/language.tsx";
import type { Health } from "./health.ts";
import { libraryTexts } from "./texts.ts";
import styles from "./torrent-card.module.css";

/** How a torrent comes, in numbers, or why it does not. */
export function TorrentState({ torrent, health }: { readonly torrent: Torrent; readonly health: Health | undefined }) {
  const describe = useDescription();
  return (
    <div className={styles["facts"]}>
      <p className={torrent.error && styles["error"]} data-testid="torrent-state">
        {describe(torrent)}
      </p>
      {health !== undefined && torrent.error === undefined && <HealthLine health={health} />}
    </div>
  );
}

function useDescription(): (torrent: Torrent) => string {
  const texts = useTexts(libraryTexts);
  const format = useFormat();
  return (torrent) => {
    if (torrent.error !== undefined) return torrent.error.message;
    const peers = texts.peers(torrent.connectedPeers, torrent.knownPeers);
    if (torrent.state === "metadata") return `${texts.waitingForMetadata} · ${peers}`;
    const size = format.bytes(torrent.sizeBytes);
    const isWhole = torrent.verifiedBytes === torrent.sizeBytes;
    const parts = [
      isWhole ? `${texts.whole} · ${size}` : texts.shareOf(formatShare(torrent.verifiedBytes, torrent.sizeBytes), size),
      !isWhole && `↓ ${format.rate(torrent.downloadBytesPerSecond)}`,
      `↑ ${format.rate(torrent.uploadBytesPerSecond)}`,
      peers,
    ];
    return parts.filter(Boolean).join(" · ");
  };
}

function HealthLine({ health }: { readonly health: Health }) {
  const texts = useTexts(libraryTexts);
  const format = useFormat();
  const given = format.bitRate(health.givenBytesPerSecond);
  const needed = format.bitRate(health.neededBytesPerSecond);
  return (
    <p className={health.isEnough ? styles["enough"] : styles["slow"]} data-testid="health">
      {health.isEnough ? texts.enough(given, needed) : texts.tooSlow(given, needed)}
    </p>
  );
}

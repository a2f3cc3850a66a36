import type { Torrent, Viewing } from "@riptide/http";
import { useId, useMemo, useState } from "react";
import { Link } from "wouter";
import { useForgetViewing, useViewings } from "../api/viewings.ts";
import { thumbnailUrl } from "../api/watching.ts";
import { formatTime } from "../format.ts";
import { useTexts } from "../i18n/language.tsx";
import controls from "../ui/controls.module.css";
import { CloseIcon, PlayIcon } from "../ui/icons.tsx";
import { useMessages } from "../ui/messages.tsx";
import { preloadWatchPage } from "../watch-chunk.ts";
import { cleanName } from "./clean-name.ts";
import styles from "./continue-watching.module.css";
import { type Continued, continuedOf } from "./continued.ts";
import { libraryTexts } from "./texts.ts";

/** Films that were left in the middle, and episodes that come next. Nothing where there are none. */
export function ContinueWatching({ torrents }: { readonly torrents: readonly Torrent[] }) {
  const texts = useTexts(libraryTexts);
  const viewings = useViewings();
  const headingId = useId();
  // Names and lengths change only when files become known, and not with every number that does.
  const known = torrents.map(({ infoHash, files }) => `${infoHash}${files.length}`).join();
  // oxlint-disable-next-line react/exhaustive-deps -- See above.
  const continued = useMemo(() => continuedOf(viewings, torrents), [viewings, known]);
  if (continued.length === 0) return null;
  return (
    <section aria-labelledby={headingId} data-testid="continue-watching">
      <h2 id={headingId} className={styles["heading"]}>
        {texts.continueWatching}
      </h2>
      <ul className={styles["row"]}>
        {continued.map((each) => (
          <ContinuedCard key={`${each.infoHash} ${each.file.index}`} continued={each} />
        ))}
      </ul>
    </section>
  );
}

function ContinuedCard({ continued }: { readonly continued: Continued }) {
  const texts = useTexts(libraryTexts);
  const { complain } = useMessages();
  const { mutate: forget } = useForgetViewing({ onError: complain });
  const { infoHash, file, viewing, because } = continued;
  const { title, detail } = useNames(continued);
  const name = detail === undefined ? title : `${title} ${detail}`;
  return (
    <li className={styles["card"]} data-testid="continued">
      <Link
        href={`/watch/${infoHash}/${file.index}`}
        className={styles["link"]}
        data-testid="resume"
        onPointerEnter={preloadWatchPage}
        onFocus={preloadWatchPage}
      >
        <Art continued={continued} />
        <span className={styles["names"]}>
          <span className={styles["title"]} dir="auto">
            {title}
          </span>
          {detail !== undefined && (
            <span className={styles["detail"]} dir="auto">
              {detail}
            </span>
          )}
          <span className={styles["detail"]} data-testid="continued-at">
            {viewing === undefined ? texts.upNext : <Place viewing={viewing} />}
          </span>
        </span>
      </Link>
      <button
        type="button"
        className={`${controls["icon"]} ${styles["forget"]}`}
        aria-label={texts.forget(name)}
        data-testid="forget"
        onClick={() => forget(because)}
      >
        <CloseIcon />
      </button>
    </li>
  );
}

/** A picture of where the film was left if there is one already; else a colour of its own. */
function Art({ continued: { infoHash, file, viewing } }: { readonly continued: Continued }) {
  const [isMissing, setIsMissing] = useState(false);
  const seconds = Math.floor(viewing?.positionSeconds ?? 0);
  const share = viewing?.durationSeconds ? Math.min(1, viewing.positionSeconds / viewing.durationSeconds) : 0;
  const hue = (Number.parseInt(infoHash.slice(0, 6), 16) + file.index * 47) % 360;
  return (
    <span className={styles["art"]} style={{ backgroundColor: `hsl(${hue} 45% 34%)` }}>
      {!isMissing && (
        <img
          src={thumbnailUrl(infoHash, file.index, seconds, 320)}
          alt=""
          loading="lazy"
          onError={() => setIsMissing(true)}
        />
      )}
      <span className={styles["playMark"]}>
        <PlayIcon size={28} />
      </span>
      {viewing !== undefined && (
        <span className={styles["bar"]}>
          <span className={styles["barDone"]} style={{ width: `${share * 100}%` }} data-testid="continued-bar" />
        </span>
      )}
    </span>
  );
}

function useNames({ file: { path } }: Continued): { readonly title: string; readonly detail?: string } {
  const texts = useTexts(libraryTexts);
  const { title, season, episode, subtitle, year } = cleanName(path.slice(path.lastIndexOf("/") + 1));
  if (season !== undefined && episode !== undefined) {
    const number = `${texts.season(season)} · ${texts.episode(episode)}`;
    return { title, detail: subtitle === undefined ? number : `${number} · ${subtitle}` };
  }
  return year === undefined ? { title } : { title, detail: String(year) };
}

function Place({ viewing: { positionSeconds, durationSeconds } }: { readonly viewing: Viewing }) {
  const texts = useTexts(libraryTexts);
  const position = formatTime(positionSeconds);
  return durationSeconds === undefined ? position : texts.timeOf(position, formatTime(durationSeconds));
}

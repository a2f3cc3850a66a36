import type { Torrent, TorrentFile, Viewing } from "@riptide/http";
import { Link } from "wouter";
import { formatShare } from "../format.ts";
import { useFormat, useTexts } from "../i18n/language.tsx";
import { CheckIcon, PlayIcon } from "../ui/icons.tsx";
import { preloadWatchPage } from "../watch-chunk.ts";
import { withoutExtension } from "./clean-name.ts";
import styles from "./file-list.module.css";
import { FileMenu } from "./file-menu.tsx";
import type { GroupedFile } from "./group-files.ts";
import { libraryTexts } from "./texts.ts";

interface FileRowProps {
  readonly torrent: Torrent;
  readonly file: TorrentFile;
  readonly grouped: GroupedFile;
  readonly viewing: Viewing | undefined;
  /** Whether it is what people want of the torrent, and not what else lies in it. */
  readonly isMain: boolean;
}

/** One file: it plays wherever the row is pressed; beside that, what else can be done with it. */
export function FileRow({ torrent, file, grouped, viewing, isMain }: FileRowProps) {
  const texts = useTexts(libraryTexts);
  const format = useFormat();
  const label = useLabel(grouped);
  const isWhole = file.verifiedBytes === file.length;
  return (
    <li className={styles["file"]} data-testid="file" data-index={file.index}>
      <Link
        href={`/watch/${torrent.infoHash}/${file.index}`}
        className={isMain ? styles["play"] : styles["quietPlay"]}
        aria-label={texts.playFile(file.path)}
        data-testid="play"
        onPointerEnter={preloadWatchPage}
        onFocus={preloadWatchPage}
      >
        <PlayIcon />
      </Link>
      <div className={styles["names"]}>
        <p className={styles["label"]} dir="auto">
          {label}
        </p>
        {label !== file.path && (
          <p className={styles["path"]} dir="auto" title={file.path}>
            {file.path}
          </p>
        )}
      </div>
      <p className={styles["share"]}>
        <Watched viewing={viewing} />
        <span>
          {format.bytes(file.length)}
          {isWhole ? "" : ` · ${formatShare(file.verifiedBytes, file.length)}`}
        </span>
      </p>
      <FileMenu torrent={torrent} file={file} label={label} viewing={viewing} />
    </li>
  );
}

/** `2 · The Second One`, `The Film`, or the path as it is where nothing nicer is known. */
function useLabel({ baseName, clean }: GroupedFile): string {
  const texts = useTexts(libraryTexts);
  const { title, season, episode, subtitle, year } = clean;
  if (episode !== undefined && season !== undefined) return `${episode} · ${subtitle ?? texts.episode(episode)}`;
  if (title === withoutExtension(baseName)) return baseName;
  return year === undefined ? title : `${title} (${year})`;
}

function Watched({ viewing }: { readonly viewing: Viewing | undefined }) {
  const texts = useTexts(libraryTexts);
  if (viewing === undefined) return null;
  if (viewing.isFinished) {
    return (
      <span className={styles["watched"]} data-testid="watched">
        <CheckIcon />
        {texts.watched}
      </span>
    );
  }
  const { positionSeconds, durationSeconds } = viewing;
  if (durationSeconds === undefined || durationSeconds === 0) return null;
  const percent = Math.min(99, Math.floor((positionSeconds / durationSeconds) * 100));
  return (
    <span className={styles["watched"]} data-testid="watched">
      {texts.watchedShare(percent)}
    </span>
  );
}

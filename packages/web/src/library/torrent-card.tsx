import type { Torrent, Viewing } from "@riptide/http";
import { memo } from "react";
import { playlistUrl } from "../api/client.ts";
import { useTexts } from "../i18n/language.tsx";
import { useCopyText } from "../ui/copy-text.ts";
import { ListIcon, MagnetIcon } from "../ui/icons.tsx";
import { Menu, MenuAction, MenuLink } from "../ui/menu.tsx";
import { cleanName } from "./clean-name.ts";
import { FileList } from "./file-list.tsx";
import { healthOf } from "./health.ts";
import { RemoveTorrent } from "./remove-torrent.tsx";
import { isNamed, type Words } from "./search-and-sort.ts";
import { libraryTexts } from "./texts.ts";
import styles from "./torrent-card.module.css";
import { TorrentState } from "./torrent-state.tsx";

interface TorrentCardProps {
  readonly torrent: Torrent;
  /** What is searched for: if the torrent is not called that, only its files that are. */
  readonly words: Words;
  readonly viewings: readonly Viewing[];
}

/** One torrent: what it is called, how it comes, and its files. */
export const TorrentCard = memo(function TorrentCard({ torrent, words, viewings }: TorrentCardProps) {
  const { infoHash, name, state } = torrent;
  return (
    <li className={styles["card"]} data-testid="torrent" data-state={state} data-info-hash={infoHash}>
      <div className={styles["head"]}>
        <Name name={name} />
        <div className={styles["actions"]}>
          <RemoveTorrent torrent={torrent} />
          <TorrentMenu torrent={torrent} />
        </div>
      </div>
      <Progress torrent={torrent} />
      <TorrentState torrent={torrent} health={healthOf(torrent, viewings)} />
      <FileList torrent={torrent} words={isNamed(name, words) ? [] : words} viewings={viewings} />
    </li>
  );
});

function Name({ name }: { readonly name: string }) {
  const texts = useTexts(libraryTexts);
  const { title, year, season, resolution, isHighDynamicRange } = cleanName(name);
  const marks = [resolution, isHighDynamicRange && "HDR", season !== undefined && texts.season(season)];
  return (
    <h2 className={styles["name"]} dir="auto" title={name}>
      <span data-testid="torrent-name">{title}</span>
      {year !== undefined && <span className={styles["year"]}> ({year})</span>}
      {marks.filter(Boolean).map((mark) => (
        <span key={String(mark)} className={styles["mark"]}>
          {mark}
        </span>
      ))}
    </h2>
  );
}

function Progress({ torrent }: { readonly torrent: Torrent }) {
  const texts = useTexts(libraryTexts);
  const isKnown = torrent.state !== "metadata";
  return (
    <progress
      className={styles["progress"]}
      max={1}
      aria-label={texts.downloaded}
      data-whole={torrent.progress === 1}
      {...(isKnown && { value: torrent.progress })}
    />
  );
}

function TorrentMenu({ torrent: { infoHash, name, files } }: { readonly torrent: Torrent }) {
  const texts = useTexts(libraryTexts);
  const copy = useCopyText();
  const magnet = `magnet:?xt=urn:btih:${infoHash}&dn=${encodeURIComponent(name)}`;
  return (
    <Menu label={texts.moreFor(name)} testId="torrent-menu">
      <MenuAction icon={<MagnetIcon />} testId="copy-magnet" onClick={() => void copy(magnet)}>
        {texts.copyMagnet}
      </MenuAction>
      {files.length > 1 && (
        <MenuLink icon={<ListIcon />} testId="playlist-of-all" href={playlistUrl(infoHash)} download="">
          {texts.playlistOfAll}
        </MenuLink>
      )}
    </Menu>
  );
}

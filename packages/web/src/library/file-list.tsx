import type { Torrent, Viewing } from "@riptide/http";
import { useMemo, useState } from "react";
import { useTexts } from "../i18n/language.tsx";
import controls from "../ui/controls.module.css";
import styles from "./file-list.module.css";
import { FileRow } from "./file-row.tsx";
import { type FileGroup, groupFiles } from "./group-files.ts";
import { isFileNamed, type Words } from "./search-and-sort.ts";
import { libraryTexts } from "./texts.ts";

/** A torrent may hold 100 000 files; what is beyond the first is shown on demand, and never all of it at once. */
const FILES_SHOWN_AT_FIRST = 10;
const FILES_SHOWN_MORE = 50;

interface FileListProps {
  readonly torrent: Torrent;
  readonly words: Words;
  readonly viewings: readonly Viewing[];
}

/** The files of a torrent, grouped, of which those with all `words` are shown. */
export function FileList({ torrent, words, viewings }: FileListProps) {
  const texts = useTexts(libraryTexts);
  const [shownMax, setShownMax] = useState(FILES_SHOWN_AT_FIRST);
  const groups = useGroups(torrent);
  const found = words.length === 0 ? groups : withOnly(groups, torrent, words);
  const shown = firstOf(found, shownMax);
  const hidden = found.reduce((sum, { files }) => sum + files.length, 0) - Math.min(shownMax, countOf(found));
  const [only] = groups.length === 1 ? groups : [];
  return (
    <>
      {shown.map((group) => (
        <div key={`${group.kind} ${group.season}`} className={styles["group"]}>
          {group !== only && only?.kind !== "films" && only?.kind !== "others" && (
            <h3 className={styles["heading"]}>
              {group.season === undefined ? texts.groups[group.kind] : texts.season(group.season)}
            </h3>
          )}
          <ul>
            {group.files.map((grouped) => {
              const file = torrent.files[grouped.position];
              if (file === undefined) return null;
              const viewing = viewings.find((each) => each.infoHash === torrent.infoHash && each.index === file.index);
              const isMain = group.kind !== "extras" && group.kind !== "others";
              const props = { torrent, file, grouped, viewing, isMain };
              return <FileRow key={file.index} {...props} />;
            })}
          </ul>
        </div>
      ))}
      {hidden > 0 && (
        <button
          type="button"
          className={`${controls["button"]} ${styles["more"]}`}
          data-testid="show-more"
          onClick={() => setShownMax(shownMax + FILES_SHOWN_MORE)}
        >
          {texts.showMore(Math.min(hidden, FILES_SHOWN_MORE), hidden)}
        </button>
      )}
    </>
  );
}

/** The names of the files never change once they are known: only then is there anything to sort. */
function useGroups({ infoHash, files }: Torrent): readonly FileGroup[] {
  // oxlint-disable-next-line react/exhaustive-deps -- Each update has a new list of the same names.
  return useMemo(() => groupFiles(files), [infoHash, files.length]);
}

function withOnly(groups: readonly FileGroup[], { files }: Torrent, words: Words): readonly FileGroup[] {
  const isFound = (position: number): boolean => {
    const file = files[position];
    return file !== undefined && isFileNamed(file, words);
  };
  return groups.map((group) => ({ ...group, files: group.files.filter(({ position }) => isFound(position)) }));
}

/** The first files of all groups together. */
function firstOf(groups: readonly FileGroup[], filesMax: number): readonly FileGroup[] {
  let left = filesMax;
  const first: FileGroup[] = [];
  for (const group of groups) {
    const files = group.files.slice(0, left);
    left -= files.length;
    if (files.length > 0) first.push({ ...group, files });
  }
  return first;
}

function countOf(groups: readonly FileGroup[]): number {
  return groups.reduce((sum, { files }) => sum + files.length, 0);
}

import type { Torrent, TorrentFile } from "@riptide/http";
import { cleanName } from "./clean-name.ts";

export const SORT_ORDERS = ["newest", "name", "size", "progress"] as const;
export type SortOrder = (typeof SORT_ORDERS)[number];

/** What was searched for: all of these words, in any order. */
export type Words = readonly string[];

export function wordsOf(query: string): Words {
  return query.toLowerCase().split(/\s+/).filter(Boolean);
}

/** The torrents whose name or one of whose files has all words. */
export function findTorrents(torrents: readonly Torrent[], words: Words): readonly Torrent[] {
  if (words.length === 0) return torrents;
  return torrents.filter(
    (torrent) => isNamed(torrent.name, words) || torrent.files.some((file) => isFileNamed(file, words)),
  );
}

/** Whether a name has all words: dots and underscores between them are as good as spaces. */
export function isNamed(name: string, words: Words): boolean {
  const text = name.toLowerCase();
  return words.every((word) => text.includes(word));
}

export function isFileNamed({ path }: TorrentFile, words: Words): boolean {
  return isNamed(path, words);
}

/** Sorted anew; those of the same rank by when they were added. */
export function sortTorrents(torrents: readonly Torrent[], order: SortOrder): readonly Torrent[] {
  const newestFirst = [...torrents].reverse().sort((left, right) => addedAtOf(right).localeCompare(addedAtOf(left)));
  switch (order) {
    case "newest":
      return newestFirst;
    case "name":
      return newestFirst.sort((left, right) => collator.compare(titleOf(left), titleOf(right)));
    case "size":
      return newestFirst.sort((left, right) => right.sizeBytes - left.sizeBytes);
    case "progress":
      return newestFirst.sort((left, right) => right.progress - left.progress);
  }
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** ISO times sort as texts. */
function addedAtOf({ addedAt }: Torrent): string {
  return addedAt ?? "";
}

function titleOf({ name }: Torrent): string {
  return cleanName(name).title;
}

import type { TorrentFile } from "@riptide/http";
import { type CleanName, cleanName } from "./clean-name.ts";

export type GroupKind = "films" | "season" | "extras" | "sound" | "others";

/** Files of a torrent that belong together, in the order in which they are watched. */
export interface FileGroup {
  readonly kind: GroupKind;
  /** Of a season. */
  readonly season?: number;
  readonly files: readonly GroupedFile[];
}

export interface GroupedFile {
  readonly index: number;
  /** Where it is in the list of the torrent's files, which changes twice a second while its names do not. */
  readonly position: number;
  /** The name of the file without its folders. */
  readonly baseName: string;
  readonly clean: CleanName;
}

/** Sorts the files of a torrent into films, seasons, extras, sound and others. Empty groups are left out. */
export function groupFiles(files: readonly TorrentFile[]): FileGroup[] {
  const groups = new Map<string, { kind: GroupKind; season?: number; files: GroupedFile[] }>();
  files.forEach((file, position) => {
    const grouped = read(file, position);
    const kind = kindOf(file, grouped.clean);
    const season = kind === "season" ? (grouped.clean.season ?? 1) : undefined;
    const key = `${ORDER.indexOf(kind)} ${String(season ?? 0).padStart(2, "0")}`;
    const group = groups.get(key) ?? { kind, ...(season !== undefined && { season }), files: [] };
    groups.set(key, group);
    group.files.push(grouped);
  });
  const inOrder = [...groups].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, group]) => group);
  for (const group of inOrder) sortFiles(group.files, files);
  return inOrder;
}

/** The file that comes after one when a torrent is watched through: the next episode or film. */
export function fileAfter(groups: readonly FileGroup[], index: number): GroupedFile | undefined {
  const watched = groups.filter(({ kind }) => kind === "season" || kind === "films").flatMap((group) => group.files);
  const at = watched.findIndex((file) => file.index === index);
  return at === -1 ? undefined : watched[at + 1];
}

const ORDER: readonly GroupKind[] = ["films", "season", "extras", "sound", "others"];

/** A natural order of more names than this takes longer than anybody would scroll through them. */
const SORTED_NAMES_MAX = 5_000;

const EXTRAS =
  /(^|[/ ._([-])(extras?|featurettes?|bonus|behind[ ._-]the[ ._-]scenes|deleted[ ._-]scenes?|trailers?|samples?|interviews?|making[ ._-]of|ncop|nced)([/ ._)\]-]|\d*\.|$)/i;
const SEASON_FOLDER = /(?:^|\/)(?:season|staffel|series)[ ._-]?(\d{1,2})(?:[ ._-][^/]*)?\/[^/]*$/i;
const LEADING_NUMBER = /^(?:e|ep|episode|folge)?[ ._-]?(\d{1,3})\b/i;

function read({ index, path }: TorrentFile, position: number): GroupedFile {
  const baseName = path.slice(path.lastIndexOf("/") + 1);
  const clean = cleanName(baseName);
  if (clean.episode !== undefined) return { index, position, baseName, clean };
  const folder = SEASON_FOLDER.exec(path);
  const number = LEADING_NUMBER.exec(baseName);
  if (folder === null || number === null) return { index, position, baseName, clean };
  return { index, position, baseName, clean: { ...clean, season: Number(folder[1]), episode: Number(number[1]) } };
}

function kindOf({ path, mediaType }: TorrentFile, clean: CleanName): GroupKind {
  if (mediaType.startsWith("audio/")) return "sound";
  if (!mediaType.startsWith("video/")) return "others";
  // The film itself may be called "The Interview": what it lies in counts, and what it is called from its second word on.
  if (EXTRAS.test(path.replace(/[^/]*$/, "")) || isNamedExtra(path)) return "extras";
  return clean.episode === undefined ? "films" : "season";
}

function isNamedExtra(path: string): boolean {
  const stem = path.slice(path.lastIndexOf("/") + 1).replace(/\.\w+$/, "");
  return /^(sample|trailer|nc(op|ed)\d*|extras?|bonus)\d*$|[ ._-](sample|trailer|featurette)\d*$/i.test(stem);
}

function sortFiles(grouped: GroupedFile[], files: readonly TorrentFile[]): void {
  if (grouped.length > SORTED_NAMES_MAX) return;
  const collator = new Intl.Collator("en", { numeric: true });
  const pathOf = ({ position }: GroupedFile): string => files[position]?.path ?? "";
  grouped.sort(
    (left, right) =>
      (left.clean.episode ?? 0) - (right.clean.episode ?? 0) || collator.compare(pathOf(left), pathOf(right)),
  );
}

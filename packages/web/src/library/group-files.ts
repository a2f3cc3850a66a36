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

/** Sorts the files of a torrent into films, seasons, extras, sound and others. Empty groups are left out. Of thousands, only the kind counts. */
export function groupFiles(files: readonly TorrentFile[]): FileGroup[] {
  const groups = new Map<string, { kind: GroupKind; season?: number; files: GroupedFile[] }>();
  const areRead = files.length <= NAMES_READ_MAX;
  files.forEach((file, position) => {
    const grouped = areRead ? read(file, position) : unread(file, position);
    const kind = kindOf(file, grouped.clean);
    const season = kind === "season" ? (grouped.clean.season ?? 1) : undefined;
    const key = `${ORDER.indexOf(kind)} ${String(season ?? 0).padStart(2, "0")}`;
    const group = groups.get(key) ?? { kind, ...(season !== undefined && { season }), files: [] };
    groups.set(key, group);
    group.files.push(grouped);
  });
  const inOrder = [...groups].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, group]) => group);
  if (areRead) for (const group of inOrder) sortFiles(group.files, files);
  return inOrder;
}

/** The file that comes after one when a torrent is watched through: the next episode or film. */
export function fileAfter(groups: readonly FileGroup[], index: number): GroupedFile | undefined {
  const watched = groups.filter(({ kind }) => kind === "season" || kind === "films").flatMap((group) => group.files);
  const at = watched.findIndex((file) => file.index === index);
  return at === -1 ? undefined : watched[at + 1];
}

const ORDER: readonly GroupKind[] = ["films", "season", "extras", "sound", "others"];

/** So many files are no series: to read and sort 100 000 names takes seconds, and nobody looks at all of them. */
const NAMES_READ_MAX = 5_000;

const EXTRAS =
  /(^|[/ ._([-])(extras?|featurettes?|bonus|behind[ ._-]the[ ._-]scenes|deleted[ ._-]scenes?|trailers?|samples?|interviews?|making[ ._-]of|ncop|nced)([/ ._)\]-]|\d*\.|$)/i;
const SEASON_FOLDER = /(?:^|\/)(?:season|staffel|series)[ ._-]?(\d{1,2})(?:[ ._-][^/]*)?\/[^/]*$/i;
const LEADING_NUMBER = /^(?:e|ep|episode|folge)?[ ._-]?(\d{1,3})\b/i;

function unread({ index, path }: TorrentFile, position: number): GroupedFile {
  const baseName = path.slice(path.lastIndexOf("/") + 1);
  return { index, position, baseName, clean: { title: baseName } };
}

function read(file: TorrentFile, position: number): GroupedFile {
  const { index, baseName } = unread(file, position);
  const { path } = file;
  const clean = cleanName(baseName);
  if (clean.episode !== undefined) return { index, position, baseName, clean };
  const folder = SEASON_FOLDER.exec(path);
  const number = LEADING_NUMBER.exec(baseName);
  if (folder === null || number === null) return { index, position, baseName, clean };
  const subtitle = cleanName(baseName.slice(number[0].length).replace(/^[\s._-]+|\.\w+$/g, "")).title;
  const numbers = { season: Number(folder[1]), episode: Number(number[1]) };
  return { index, position, baseName, clean: { title: clean.title, ...numbers, ...(subtitle !== "" && { subtitle }) } };
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
  const collator = new Intl.Collator("en", { numeric: true });
  const pathOf = ({ position }: GroupedFile): string => files[position]?.path ?? "";
  grouped.sort(
    (left, right) =>
      (left.clean.episode ?? 0) - (right.clean.episode ?? 0) || collator.compare(pathOf(left), pathOf(right)),
  );
}

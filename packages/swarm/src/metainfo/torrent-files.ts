import type { BencodeDictionary, BencodeValue } from "./bencode.ts";
import { assignDiskPaths } from "./safe-path.ts";
import { invalidTorrent, isDictionary, isList, sizeOf, textOf } from "./torrent-fields.ts";

/** More files than any real torrent; each costs state for as long as the torrent is listed. */
const MAX_FILES = 100_000;

/** libtorrent's limit on folders within folders. */
const MAX_PATH_DEPTH = 100;

/** One file of a torrent. Offsets count from the start of the torrent, files lying end to end (BEP 3). */
export interface TorrentFile {
  readonly index: number;
  /** Components as the torrent spells them, without the torrent's name; empty for a padding file without one. Untrusted text. */
  readonly path: readonly string[];
  /** Where it may be stored below a folder of its torrent's own; safe, unique ignoring case. */
  readonly diskPath: readonly string[];
  readonly lengthBytes: number;
  readonly offsetBytes: number;
  /** BEP 47: zeros that align the next file; never listed, never stored. */
  readonly isPadding: boolean;
}

/**
 * Reads the files of a v1 info dictionary whose name is `name`. Symbolic links (BEP 47 `attr l`) become ordinary empty files: a
 * link could point anywhere. Throws `bad_torrent`.
 */
export function readFiles(info: BencodeDictionary, name: string): TorrentFile[] {
  const spelled = info.has("files") ? readFileList(info.get("files")) : [readSingleFile(info, name)];
  const diskPaths = assignDiskPaths(spelled);
  if (diskPaths === undefined) throw invalidTorrent("too many of its files share a name");
  const files: TorrentFile[] = [];
  let offsetBytes = 0;
  for (const [index, file] of spelled.entries()) {
    files.push({ index, ...file, diskPath: diskPaths[index] ?? [], offsetBytes });
    offsetBytes += file.lengthBytes;
    if (!Number.isSafeInteger(offsetBytes)) throw invalidTorrent("its files are too large together");
  }
  if (offsetBytes === 0) throw invalidTorrent("it holds no bytes");
  return files;
}

interface SpelledFile {
  readonly path: readonly string[];
  readonly lengthBytes: number;
  readonly isPadding: boolean;
}

function readSingleFile(info: BencodeDictionary, name: string): SpelledFile {
  return { path: [name], lengthBytes: sizeOf(info.get("length"), "its length"), isPadding: false };
}

function readFileList(list: BencodeValue | undefined): SpelledFile[] {
  if (!isList(list) || list.length === 0) throw invalidTorrent("its file list is empty or damaged");
  if (list.length > MAX_FILES) throw invalidTorrent(`it lists more than ${MAX_FILES} files`);
  return list.map(readListedFile);
}

function readListedFile(entry: BencodeValue): SpelledFile {
  if (!isDictionary(entry)) throw invalidTorrent("its file list is damaged");
  const isPadding = hasAttribute(entry, "p");
  return { path: readPath(entry, isPadding), lengthBytes: readFileLength(entry), isPadding };
}

/** Reads the length of a listed file or of a leaf of a v2 tree; a symbolic link has no bytes, whatever it claims (as in libtorrent). */
export function readFileLength(file: BencodeDictionary): number {
  return hasAttribute(file, "l") ? 0 : sizeOf(file.get("length"), "the length of a file");
}

/** BEP 47: "attr" is a string of letters: p padding, l link, x executable, h hidden. */
function hasAttribute(file: BencodeDictionary, letter: string): boolean {
  return textOf(file.get("attr"))?.includes(letter) ?? false;
}

/** `path.utf-8` was how clients wrote readable names before BEP 3 asked for UTF-8. Padding files may do without a path. */
function readPath(entry: BencodeDictionary, isPadding: boolean): string[] {
  const path = entry.get("path.utf-8") ?? entry.get("path");
  if (path === undefined && isPadding) return [];
  if (!isList(path) || (path.length === 0 && !isPadding)) throw invalidTorrent("a file has no path");
  if (path.length > MAX_PATH_DEPTH) throw invalidTorrent(`a path is more than ${MAX_PATH_DEPTH} folders deep`);
  return path.map((component) => {
    const text = textOf(component);
    if (text === undefined) throw invalidTorrent("a path is damaged");
    return text;
  });
}

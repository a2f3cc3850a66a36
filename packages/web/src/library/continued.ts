import type { Torrent, TorrentFile, Viewing } from "@riptide/http";
import { fileAfter, groupFiles } from "./group-files.ts";

/** A film to go on with. */
export interface Continued {
  readonly infoHash: string;
  readonly torrentName: string;
  readonly file: TorrentFile;
  /** Where it was left. None for the episode that comes after one that was watched to its end. */
  readonly viewing?: Viewing;
  /** What is forgotten when somebody does not want to go on with it. */
  readonly because: Viewing;
}

/** More are not looked through. */
const CONTINUED_MAX = 12;

/** What was left in the middle, and after what was finished the next episode; the last one first. */
export function continuedOf(viewings: readonly Viewing[], torrents: readonly Torrent[]): Continued[] {
  const continued: Continued[] = [];
  const seen = new Set<string>();
  for (const viewing of viewings) {
    const { infoHash, index, isFinished } = viewing;
    const isNewestOfTorrent = !seen.has(infoHash);
    seen.add(infoHash);
    const torrent = torrents.find((each) => each.infoHash === infoHash);
    if (torrent === undefined || (isFinished && !isNewestOfTorrent)) continue;
    const at = isFinished ? fileAfter(groupFiles(torrent.files), index)?.index : index;
    const file = torrent.files.find((each) => each.index === at);
    if (file === undefined) continue;
    const isKnown = viewings.some((each) => each.infoHash === infoHash && each.index === file.index);
    if (isFinished && isKnown) continue;
    const entry = { infoHash, torrentName: torrent.name, file, because: viewing };
    continued.push(isFinished ? entry : { ...entry, viewing });
    if (continued.length === CONTINUED_MAX) break;
  }
  return continued;
}

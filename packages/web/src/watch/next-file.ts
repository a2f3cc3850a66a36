import type { TorrentFile } from "@riptide/http";
import { fileAfter, groupFiles } from "../library/group-files.ts";

/** What is watched when a file is over. */
export interface NextFile {
  readonly index: number;
  /** For people. */
  readonly name: string;
}

/** The next episode or film of a torrent, as the library orders them; undefined behind the last one. */
export function nextFile(files: readonly TorrentFile[], index: number): NextFile | undefined {
  const next = fileAfter(groupFiles(files), index);
  if (next === undefined) return undefined;
  return { index: next.index, name: displayName(next.clean) || next.baseName };
}

interface ReadName {
  readonly title: string;
  readonly season?: number;
  readonly episode?: number;
  readonly subtitle?: string;
}

/** `A Series · S01E02 · Its Name`. */
export function displayName({ title, season, episode, subtitle }: ReadName): string {
  if (episode === undefined) return title;
  const code = `${season === undefined ? "" : `S${twoDigits(season)}`}E${twoDigits(episode)}`;
  return [title, code, subtitle].filter(Boolean).join(" · ");
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

const NEAR_SECONDS = 60;
const NEAR_SHARE = 0.05;

/** Whether so little is left that the next one should be made ready. */
export function isNearEnd(positionSeconds: number, durationSeconds: number | undefined): boolean {
  if (durationSeconds === undefined || durationSeconds <= 0) return false;
  return durationSeconds - positionSeconds <= Math.max(NEAR_SECONDS, durationSeconds * NEAR_SHARE);
}

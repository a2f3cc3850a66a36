import { styleText } from "node:util";
import type { TorrentStatus } from "@riptide/core";
import { printable } from "./printable.ts";
import type { ReadFile } from "./reading-positions.ts";

const BAR_CELLS = 20;
const NAME_CHARACTERS = 48;
/** A character may be any number of combining marks; of a name this much is looked at. */
const NAME_CODE_UNITS_MAX = 256;

/** A torrent, and which of its files are being streamed. */
export interface ShownTorrent {
  readonly torrent: TorrentStatus;
  readonly readFiles: readonly ReadFile[];
}

/** Lines of the live view: each torrent and what is streamed of it, those that stream first, at most `rowsMax` of them. */
export function describeTorrents(torrents: readonly ShownTorrent[], rowsMax: number): string[] {
  if (torrents.length === 0) return [styleText("dim", "No torrents yet. Open the page and paste a magnet link.")];
  const blocks = streamingFirst(torrents).map(describeTorrent);
  const lines: string[] = [];
  let shown = 0;
  for (const block of blocks) {
    const rowsForRest = shown + 1 < blocks.length ? 1 : 0;
    if (lines.length + block.length + rowsForRest > rowsMax) break;
    lines.push(...block);
    shown += 1;
  }
  if (shown < blocks.length) lines.push(styleText("dim", `… ${blocks.length - shown} more on the page`));
  return lines;
}

/** One plain line about a torrent, for logs and pipes. */
export function describeTorrentLine({ torrent, readFiles }: ShownTorrent): string {
  const name = shortName(torrent.name);
  if (torrent.state === "metadata") return `${name}: ${describeMetadataWait(torrent)}`;
  if (torrent.state === "failed") return `${name}: ${describeError(torrent)}`;
  return [
    `${name}: ${percent(verifiedFraction(torrent))} of ${formatBytes(torrent.sizeBytes)}`,
    `down ${formatBytes(torrent.downloadBytesPerSecond)}/s`,
    `up ${formatBytes(torrent.uploadBytesPerSecond)}/s`,
    countPeers(torrent.connectedPeers),
    ...readFiles.map((file) => `streaming ${describeReadFile(file, torrent)}`),
    ...(torrent.error === undefined ? [] : [describeError(torrent)]),
  ].join(", ");
}

function streamingFirst(torrents: readonly ShownTorrent[]): readonly ShownTorrent[] {
  const isStreaming = ({ readFiles }: ShownTorrent): boolean => readFiles.length > 0;
  return [...torrents.filter(isStreaming), ...torrents.filter((torrent) => !isStreaming(torrent))];
}

function describeTorrent({ torrent, readFiles }: ShownTorrent): readonly string[] {
  const name = styleText("bold", shortName(torrent.name));
  if (torrent.state === "metadata") return [name, `  ${describeMetadataWait(torrent)}`];
  const error = torrent.error === undefined ? [] : [`  ${styleText("red", describeError(torrent))}`];
  if (torrent.state === "failed") return [name, ...error];
  const fraction = verifiedFraction(torrent);
  const figures = [
    `${bar(fraction)} ${percent(fraction).padStart(5)} of ${formatBytes(torrent.sizeBytes).padEnd(8)}`,
    `↓ ${`${formatBytes(torrent.downloadBytesPerSecond)}/s`.padEnd(9)}`,
    `↑ ${`${formatBytes(torrent.uploadBytesPerSecond)}/s`.padEnd(9)}`,
    countPeers(torrent.connectedPeers),
  ];
  const streams = readFiles.map((file) => styleText("green", `  ▶ ${describeReadFile(file, torrent)}`));
  return [name, `  ${figures.join("  ")}`, ...streams, ...error];
}

/** `film.mkv at 37 %`; the name is left out where the torrent is that one file. */
function describeReadFile({ path, positions }: ReadFile, torrent: TorrentStatus): string {
  const name = torrent.files.length === 1 ? "" : `${shortName(path.split("/").at(-1) ?? path)} `;
  return `${name}at ${positions.map(percent).join(" and ")}`;
}

function describeMetadataWait({ connectedPeers, knownPeers }: TorrentStatus): string {
  if (connectedPeers > 0) return `asking ${countPeers(connectedPeers)} for the list of files`;
  return knownPeers > 0 ? `trying ${countPeers(knownPeers)}` : "looking for peers";
}

/** Our own sentence; but a peer or a tracker may have put its word in. */
function describeError({ error }: TorrentStatus): string {
  return printable(error?.message ?? "This torrent cannot go on.");
}

/** A number of bytes with a unit, as people say it: `1.4 MB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = bytes;
  let unit = 0;
  // 999.96 kB would be rounded to 1000.0 kB.
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

function verifiedFraction({ sizeBytes, verifiedBytes }: TorrentStatus): number {
  return sizeBytes === 0 ? 1 : verifiedBytes / sizeBytes;
}

/** Rounded down: 100 % is all of it. */
function percent(fraction: number): string {
  return `${Math.floor(fraction * 100)} %`;
}

function countPeers(count: number): string {
  return count === 1 ? "1 peer" : `${count} peers`;
}

function shortName(name: string): string {
  const seen = printable(name.slice(0, NAME_CODE_UNITS_MAX));
  const characters = Array.from(new Intl.Segmenter().segment(seen), ({ segment }) => segment);
  const isWhole = characters.length <= NAME_CHARACTERS && name.length <= NAME_CODE_UNITS_MAX;
  return isWhole ? seen : `${characters.slice(0, NAME_CHARACTERS - 1).join("")}…`;
}

function bar(fraction: number): string {
  const filled = Math.floor(fraction * BAR_CELLS);
  return "█".repeat(filled) + styleText("dim", "░".repeat(BAR_CELLS - filled));
}

import { styleText } from "node:util";
import type { TorrentStatus } from "@riptide/core";

const BAR_CELLS = 20;
const NAME_CHARACTERS = 48;

/** The live view: one or two lines for each torrent. Pure, so that it can be looked at in a test. */
export function describeTorrents(torrents: readonly TorrentStatus[]): string {
  if (torrents.length === 0) return styleText("dim", "No torrents yet. Open the page and paste a magnet link.");
  return torrents.map(describeTorrent).join("\n");
}

function describeTorrent(torrent: TorrentStatus): string {
  const name = styleText("bold", shorten(printable(torrent.name)));
  if (torrent.error !== undefined) return `${name}\n  ${styleText("red", torrent.error.message)}`;
  if (torrent.state === "metadata") return `${name}\n  asking ${describePeers(torrent)} for the list of files`;
  const fraction = torrent.sizeBytes === 0 ? 1 : torrent.verifiedBytes / torrent.sizeBytes;
  const parts = [
    `${bar(fraction)} ${Math.floor(fraction * 100)} % of ${formatBytes(torrent.sizeBytes)}`,
    `↓ ${formatBytes(torrent.downloadBytesPerSecond)}/s`,
    `↑ ${formatBytes(torrent.uploadBytesPerSecond)}/s`,
    describePeers(torrent),
    ...(torrent.activeDemands > 0 ? [styleText("green", "▶ streaming")] : []),
  ];
  return `${name}\n  ${parts.join("  ")}`;
}

/** One plain line about a torrent, for logs and pipes. */
export function describeTorrentLine(torrent: TorrentStatus): string {
  const name = printable(torrent.name);
  if (torrent.error !== undefined) return `${name}: ${torrent.error.message}`;
  if (torrent.state === "metadata") return `${name}: asking ${describePeers(torrent)} for the list of files`;
  const percent = torrent.sizeBytes === 0 ? 100 : Math.floor((torrent.verifiedBytes / torrent.sizeBytes) * 100);
  const rate = `${formatBytes(torrent.downloadBytesPerSecond)}/s`;
  const streaming = torrent.activeDemands > 0 ? ", streaming" : "";
  return `${name}: ${percent} % of ${formatBytes(torrent.sizeBytes)}, ${rate}, ${describePeers(torrent)}${streaming}`;
}

/** A number of bytes with a unit, as people say it: `1.4 MB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Names come from strangers: nothing in them may move the cursor, colour the terminal or turn the text around. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "·");
}

function describePeers({ connectedPeers }: TorrentStatus): string {
  return connectedPeers === 1 ? "1 peer" : `${connectedPeers} peers`;
}

function shorten(name: string): string {
  const characters = Array.from(new Intl.Segmenter().segment(name), ({ segment }) => segment);
  return characters.length <= NAME_CHARACTERS ? name : `${characters.slice(0, NAME_CHARACTERS - 1).join("")}…`;
}

function bar(fraction: number): string {
  const filled = Math.round(fraction * BAR_CELLS);
  return "█".repeat(filled) + styleText("dim", "░".repeat(BAR_CELLS - filled));
}

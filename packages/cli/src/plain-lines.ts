import type { TorrentStatus } from "@riptide/core";
import { healthLine } from "./health-line.ts";
import { writeLine } from "./output.ts";
import { readFilesOf } from "./reading-positions.ts";
import { describeTorrentLine, type ShownTorrent } from "./terminal-text.ts";
import type { View, ViewOptions } from "./view.ts";

/** Progress goes into a log this often at most; news at once. */
const PROGRESS_MS = 10_000;

/** Writes a line for what is new about a torrent, and from time to time one for its progress. */
export function startPlainLines({ engine, clock, stdout, stderr }: ViewOptions): View {
  const written = new Map<string, { readonly shown: ShownTorrent; readonly line: string }>();
  const write = (torrent: TorrentStatus, isWorthALine: (shown: ShownTorrent, last: ShownTorrent) => boolean): void => {
    const shown = { torrent, readFiles: readFilesOf(engine, torrent) };
    const line = describeTorrentLine(shown);
    const last = written.get(torrent.infoHash);
    if (last !== undefined && (last.line === line || !isWorthALine(shown, last.shown))) return;
    written.set(torrent.infoHash, { shown, line });
    writeLine(stdout, line);
  };
  let timer: Disposable;
  const writeProgress = (): void => {
    for (const torrent of engine.list()) write(torrent, () => true);
    timer = clock.setTimer(PROGRESS_MS, writeProgress);
  };
  writeProgress();
  const subscription = engine.subscribe((event) => {
    if (event.type === "removed") written.delete(event.infoHash);
    else if (event.type === "engine") writeLine(stdout, healthLine(event.health));
    else write(event.torrent, isNews);
  });
  return {
    note: (line) => writeLine(stderr, line),
    [Symbol.dispose]: () => {
      subscription[Symbol.dispose]();
      timer[Symbol.dispose]();
      writeLine(stdout, "Riptide is stopping.");
    },
  };
}

/** Another state, another error, being complete, a stream that starts. Players pause between requests: no stop is news. */
function isNews(now: ShownTorrent, last: ShownTorrent): boolean {
  return (
    now.torrent.state !== last.torrent.state ||
    now.torrent.error?.code !== last.torrent.error?.code ||
    isComplete(now.torrent) !== isComplete(last.torrent) ||
    (now.readFiles.length > 0 && last.readFiles.length === 0)
  );
}

function isComplete({ state, sizeBytes, verifiedBytes }: TorrentStatus): boolean {
  return state === "ready" && verifiedBytes === sizeBytes;
}

import type { Clock, EngineEvent, TorrentEngine, TorrentStatus } from "@riptide/core";
import { createLogUpdate } from "log-update";
import { describeTorrentLine, describeTorrents } from "./terminal-text.ts";

const REDRAW_MS = 500;
/** Progress goes into a log this often at most. */
const LINE_MS = 10_000;

export interface ViewOptions {
  readonly engine: TorrentEngine;
  readonly clock: Clock;
  readonly stdout: NodeJS.WriteStream;
  readonly json: boolean;
}

/** Shows what the engine does, in the way that suits the output: live, as plain lines, or as JSON lines. */
export function startView(options: ViewOptions): Disposable {
  if (options.json) return startJsonLines(options);
  return options.stdout.isTTY ? startLiveView(options) : startPlainLines(options);
}

function startLiveView({ engine, clock, stdout }: ViewOptions): Disposable {
  const draw = createLogUpdate(stdout);
  let timer: Disposable;
  const redraw = (): void => {
    draw(`\n${describeTorrents(engine.list())}\n`);
    timer = clock.setTimer(REDRAW_MS, redraw);
  };
  redraw();
  return {
    [Symbol.dispose]: () => {
      timer[Symbol.dispose]();
      draw.done();
    },
  };
}

function startPlainLines({ engine, clock, stdout }: ViewOptions): Disposable {
  const shown = new Map<string, { line: string; state: string; atMs: number }>();
  return engine.subscribe((event) => {
    if (event.type === "removed") {
      shown.delete(event.infoHash);
      return;
    }
    if (event.type === "engine") {
      stdout.write(`The torrent session is ${event.health.state}.\n`);
      return;
    }
    const { torrent } = event;
    const line = describeTorrentLine(torrent);
    const last = shown.get(torrent.infoHash);
    const nowMs = clock.nowMs();
    const state = milestone(torrent);
    if (last !== undefined && (last.line === line || (last.state === state && nowMs - last.atMs < LINE_MS))) return;
    shown.set(torrent.infoHash, { line, state, atMs: nowMs });
    stdout.write(`${line}\n`);
  });
}

/** What is worth a line at once: becoming ready, failing, starting and stopping to stream, being complete. */
function milestone(torrent: TorrentStatus): string {
  const isComplete = torrent.state === "ready" && torrent.verifiedBytes === torrent.sizeBytes;
  return `${torrent.state} ${torrent.error?.code ?? ""} ${isComplete}`;
}

function startJsonLines({ engine, stdout }: ViewOptions): Disposable {
  return engine.subscribe((event: EngineEvent) => void stdout.write(`${JSON.stringify(event)}\n`));
}

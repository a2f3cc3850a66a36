import type { Clock, TorrentEngine } from "@riptide/core";
import { startJsonLines } from "./json-lines.ts";
import { startLiveView } from "./live-view.ts";
import type { OutputStream } from "./output.ts";
import { startPlainLines } from "./plain-lines.ts";

/** Shows what the engine does until it is disposed, which says that Riptide is stopping. */
export interface View extends Disposable {
  /** Says something on stderr, in one line and never in the middle of a drawing. */
  note(line: string): void;
}

export interface ViewOptions {
  readonly engine: Pick<TorrentEngine, "list" | "map" | "health" | "subscribe">;
  readonly clock: Clock;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
}

/** Starts the view that suits the output: live in a terminal, plain lines elsewhere, JSON lines if they are asked for. */
export function startView(options: ViewOptions, { json }: { readonly json: boolean }): View {
  if (json) return startJsonLines(options);
  return options.stdout.isTTY === true ? startLiveView(options) : startPlainLines(options);
}

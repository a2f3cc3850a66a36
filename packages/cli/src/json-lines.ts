import type { EngineEvent } from "@riptide/core";
import { writeLine } from "./output.ts";
import { printableJson } from "./printable.ts";
import type { View, ViewOptions } from "./view.ts";

/** Writes every event of the engine as a JSON object on a line of its own; torrents come without their files. */
export function startJsonLines({ engine, stdout, stderr }: Omit<ViewOptions, "clock">): View {
  const write = (event: EngineEvent): void => writeLine(stdout, printableJson(withoutFiles(event)));
  for (const torrent of engine.list()) write({ type: "added", torrent });
  const subscription = engine.subscribe(write);
  return {
    note: (line) => writeLine(stderr, line),
    [Symbol.dispose]: () => {
      subscription[Symbol.dispose]();
      writeLine(stdout, printableJson({ type: "stopping" }));
    },
  };
}

/** There may be thousands of them, twice a second. The API lists them. */
function withoutFiles(event: EngineEvent): object {
  if (event.type !== "added" && event.type !== "updated") return event;
  const { files: _files, ...torrent } = event.torrent;
  return { ...event, torrent };
}

import { styleText } from "node:util";
import { Drawing } from "./drawing.ts";
import { healthLine, isWell } from "./health-line.ts";
import { writeLine } from "./output.ts";
import { readFilesOf } from "./reading-positions.ts";
import { describeTorrents } from "./terminal-text.ts";
import type { View, ViewOptions } from "./view.ts";

/** As often as the engine has news. */
const REDRAW_MS = 500;
/** What a terminal is taken for that does not say its height, or says 0, as those of programs do. */
const ROWS_DEFAULT = 24;
/** An empty line above and below, one for the state of the engine, and the row of the cursor. */
const ROWS_AROUND = 4;

/** Draws the torrents again and again in the same place of a terminal. */
export function startLiveView({ engine, clock, stdout, stderr }: ViewOptions): View {
  const drawing = new Drawing(stdout);
  let timer: Disposable | undefined;
  const redraw = (): void => {
    timer?.[Symbol.dispose]();
    const torrents = engine.list().map((torrent) => ({ torrent, readFiles: readFilesOf(engine, torrent) }));
    const health = engine.health();
    const warning = isWell(health) ? [] : [styleText("yellow", healthLine(health))];
    const rowsMax = (stdout.rows || ROWS_DEFAULT) - ROWS_AROUND;
    drawing.draw(["", ...warning, ...describeTorrents(torrents, rowsMax), ""]);
    timer = clock.setTimer(REDRAW_MS, redraw);
  };
  redraw();
  return {
    note: (line) => {
      // The last drawing stays as it is.
      const isOver = timer === undefined;
      if (!isOver) drawing.erase();
      writeLine(stderr, line);
      if (!isOver) redraw();
    },
    [Symbol.dispose]: () => {
      timer?.[Symbol.dispose]();
      timer = undefined;
      writeLine(stdout, "Riptide is stopping.");
    },
  };
}

import type { OutputStream } from "./output.ts";

/** DEC private mode 2026: the terminal shows what lies between in one go. Terminals that do not know it ignore it. */
const [HOLD, SHOW] = ["\u001b[?2026h", "\u001b[?2026l"];
/** DECAWM: a line that is too long is cut off, so that each line takes one row however wide its characters are. */
const [CUT, WRAP] = ["\u001b[?7l", "\u001b[?7h"];
/** ED: erases from the cursor to the end of the screen. */
const ERASE_BELOW = "\u001b[J";

/** Lines at the bottom of a terminal that are drawn again and again in the same place. */
export class Drawing {
  readonly #stream: OutputStream;
  #rows = 0;

  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  /** Replaces the last drawing; the cursor is on the row below. There must be fewer lines than the terminal has rows. */
  draw(lines: readonly string[]): void {
    this.#stream.write(`${HOLD}${this.#toStart()}${CUT}${lines.map((line) => `${line}\n`).join("")}${WRAP}${SHOW}`);
    this.#rows = lines.length;
  }

  /** Makes room for a line that is to stay. */
  erase(): void {
    this.#stream.write(this.#toStart());
    this.#rows = 0;
  }

  #toStart(): string {
    return this.#rows === 0 ? "" : `\r\u001b[${this.#rows}A${ERASE_BELOW}`;
  }
}

import { Writable } from "node:stream";

/** A stream that keeps what is written to it, and may pose as a terminal. */
export class FakeOutput extends Writable {
  readonly isTTY: boolean;
  readonly rows: number;
  text = "";

  constructor({ isTTY = false, rows = 24 } = {}) {
    super();
    this.isTTY = isTTY;
    this.rows = rows;
  }

  /** Whole lines so far. */
  get lines(): readonly string[] {
    return this.text.split("\n").slice(0, -1);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

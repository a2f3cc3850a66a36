/** Stdout or stderr: a terminal, a pipe or a file. */
export type OutputStream = NodeJS.WritableStream & {
  readonly writableLength: number;
  readonly isTTY?: boolean;
  readonly rows?: number;
};

/** A reader of our lines who is this far behind has stopped reading: it misses lines, and we keep no more of them. */
const BACKLOG_MAX_BYTES = 1024 * 1024;

/** Writes one line, which must have no line end yet. */
export function writeLine(stream: OutputStream, line: string): void {
  if (stream.writableLength < BACKLOG_MAX_BYTES) stream.write(`${line}\n`);
}

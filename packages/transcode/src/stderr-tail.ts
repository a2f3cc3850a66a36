/** The end of what a process complained about: a broken film can make ffmpeg write megabytes. */
const STDERR_TAIL_BYTES = 64 * 1024;
/** One line as the cause of an error, for a log. */
const LINE_LIMIT_CHARACTERS = 500;

/** Keeps the last 64 KiB of a byte stream. */
export class StderrTail {
  #chunks: Uint8Array[] = [];
  #lengthBytes = 0;

  get lengthBytes(): number {
    return this.#lengthBytes;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#lengthBytes += chunk.length;
    if (this.#lengthBytes <= STDERR_TAIL_BYTES) return;
    const kept = Buffer.concat(this.#chunks).subarray(-STDERR_TAIL_BYTES);
    // A copy, so that what is cut off can be freed.
    this.#chunks = [Uint8Array.from(kept)];
    this.#lengthBytes = kept.length;
  }

  /** The last line that is not blank, shortened, or an empty string. It may hold text of the file. */
  lastLine(): string {
    const lines = Buffer.concat(this.#chunks)
      .toString("utf8")
      .split(/[\r\n]+/);
    return (lines.findLast((line) => line.trim() !== "") ?? "").trim().slice(0, LINE_LIMIT_CHARACTERS);
  }
}

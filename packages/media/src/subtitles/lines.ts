/** A film's subtitles take 100 KiB; songs and effects in ASS take some MiB. */
export const SUBTITLE_FILE_LIMIT_BYTES = 10 * 1024 * 1024;

/** The lines of a text, without their ends: `\n`, `\r`, `\r\n`, and the `\r\r\n` of files that were converted twice. */
export function* linesOf(text: string): Generator<string> {
  const end = Math.min(text.length, SUBTITLE_FILE_LIMIT_BYTES);
  const lineEnd = /\r{0,2}\n|\r/g;
  let start = 0;
  while (start < end) {
    lineEnd.lastIndex = start;
    const match = lineEnd.exec(text);
    yield text.slice(start, Math.min(match?.index ?? end, end));
    start = match === null ? end : lineEnd.lastIndex;
  }
}

import { unlessDamaged } from "./damaged.ts";
import { readMovieChapters } from "./isobmff/chapters.ts";
import { readMatroskaChapters } from "./matroska/chapters.ts";
import type { Chapter, Container } from "./media-info.ts";
import { type ByteSource, MediaReader } from "./reader.ts";

/**
 * The chapters of a film, by their start; empty if it has none, or if what lists them is damaged. Each that does not say where it ends
 * ends where the next one starts.
 *
 * Reads the headers of the file again, and in Matroska what may lie behind its media, in MP4 perhaps a few bytes for each chapter.
 * Rejects with whatever `source.readAt` rejects with.
 */
export async function readChapters(
  source: ByteSource,
  container: Container,
  options: { readonly signal: AbortSignal },
): Promise<readonly Chapter[]> {
  const read = READERS[container];
  const chapters = (read && (await unlessDamaged(() => read(new MediaReader(source, options))))) ?? [];
  const sorted = chapters.filter(isPossible).sort((a, b) => a.startSeconds - b.startSeconds);
  return sorted.map((chapter, index) => {
    const { startSeconds, title } = chapter;
    const isTold = chapter.endSeconds !== undefined && chapter.endSeconds > startSeconds;
    return { startSeconds, endSeconds: isTold ? chapter.endSeconds : sorted[index + 1]?.startSeconds, title };
  });
}

const READERS: Partial<Record<Container, (reader: MediaReader) => Promise<readonly Chapter[]>>> = {
  matroska: readMatroskaChapters,
  webm: readMatroskaChapters,
  mp4: readMovieChapters,
};

/** No film is longer than a month. */
const TIME_LIMIT_SECONDS = 31 * 24 * 3600;

function isPossible({ startSeconds }: Chapter): boolean {
  return startSeconds >= 0 && startSeconds <= TIME_LIMIT_SECONDS;
}

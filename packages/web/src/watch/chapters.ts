/** A part of a film that has a beginning, and perhaps a name. */
export interface FilmChapter {
  readonly startSeconds: number;
  readonly endSeconds?: number | undefined;
  readonly title?: string | undefined;
}

/** The chapter that is on at a time, of chapters by their start: the latest that has begun. */
export function chapterAt(chapters: readonly FilmChapter[], seconds: number): FilmChapter | undefined {
  return chapters.findLast(({ startSeconds }) => startSeconds <= seconds);
}

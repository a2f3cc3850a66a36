/** One subtitle of text. */
export interface Line {
  readonly startSeconds: number;
  readonly endSeconds: number;
  /** Whether it is to be read at the top: something at the bottom must not be hidden. */
  readonly isTop: boolean;
  readonly runs: readonly TextRun[];
}

/** Text of one look; `\n` begins another row. */
export interface TextRun {
  readonly text: string;
  readonly isItalic: boolean;
  readonly isBold: boolean;
  readonly isUnderlined: boolean;
}

/** What is to be read at a time, in the order in which it appears. */
export function linesAt(lines: readonly Line[], seconds: number): Line[] {
  return lines.filter(({ startSeconds, endSeconds }) => startSeconds <= seconds && seconds < endSeconds);
}

/** Subtitles of a film that is still coming are asked for in stretches: a film of hours would have to be read to its end for all of them. */
const STRETCH_SECONDS = 120;
/** Neighbours have this much in common, so that one can be read while the next is on its way. */
const OVERLAP_SECONDS = 30;

/** The stretch, `[fromSeconds, toSeconds)`, that holds what is shown at a position. Never negative. */
export function stretchAt(positionSeconds: number): { readonly fromSeconds: number; readonly toSeconds: number } {
  const startSeconds = Math.floor(Math.max(0, positionSeconds) / STRETCH_SECONDS) * STRETCH_SECONDS;
  return {
    fromSeconds: Math.max(0, startSeconds - OVERLAP_SECONDS),
    toSeconds: startSeconds + STRETCH_SECONDS + OVERLAP_SECONDS,
  };
}

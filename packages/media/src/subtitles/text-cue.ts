/** A line of text and when it is shown. Made of untrusted text; what `text` and `settings` hold is safe for a WebVTT file. */
export interface TextCue {
  readonly startSeconds: number;
  /** After `startSeconds`. */
  readonly endSeconds: number;
  /** A WebVTT cue payload (W3C WebVTT §4.2.2): escaped, with tags, lines parted by `\n`. Never blank. */
  readonly text: string;
  /** WebVTT cue settings (§4.4), or "". */
  readonly settings: string;
}

/** A cue as a file tells it: the end may be missing, or before the start. */
export interface CueDraft extends Omit<TextCue, "endSeconds"> {
  readonly endSeconds: number | undefined;
}

/** How long a cue is shown at most that has no end: twice the time that it takes to read two lines. */
export const DEFAULT_CUE_SECONDS = 5;

/** Ten hours of a line each third of a second; ASS effects that draw one line per frame lose their end. */
export const CUES_LIMIT = 100_000;

/** Characters of one cue that are kept: a screen full of text has a tenth of them. */
export const CUE_TEXT_LIMIT_CHARACTERS = 10_000;

/** The cues by their start, without the blank ones. One without an end is shown until the next, or `DEFAULT_CUE_SECONDS`. */
export function settledCues(drafts: readonly CueDraft[]): TextCue[] {
  const sorted = drafts.filter(({ text }) => text !== "").sort((a, b) => a.startSeconds - b.startSeconds);
  const cues: TextCue[] = [];
  let nextStartSeconds = Number.POSITIVE_INFINITY;
  for (const [index, draft] of [...sorted.entries()].reverse()) {
    const following = sorted[index + 1]?.startSeconds;
    // Cues that start together are shown together: all of them until the next that starts later.
    if (following !== undefined && following > draft.startSeconds) nextStartSeconds = following;
    const { startSeconds, endSeconds = startSeconds } = draft;
    const guessedEnd = Math.min(nextStartSeconds, startSeconds + DEFAULT_CUE_SECONDS);
    cues.push({ ...draft, endSeconds: endSeconds > startSeconds ? endSeconds : guessedEnd });
  }
  return cues.reverse();
}

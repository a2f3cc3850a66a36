/**
 * How a test film carries its truth. Makers and readers share this page and nothing else.
 *
 * Picture: two rows of squares at the top. The first shows the frame's number, least significant bit on the left, white
 * for 1; the second shows the same inverted. A reader compares the rows, so it needs no threshold and rejects what is
 * not a clean frame.
 *
 * Sound: every second of every track has three tones of its own, which tell the second and the track.
 */

/** Squares in a row: enough for twelve hours at 24 frames a second. */
export const FRAME_CODE_BITS = 20;

/** Both rows, as a share of the picture's width: a square is as high as it is wide. */
export const FRAME_CODE_HEIGHT_SHARE = 2 / FRAME_CODE_BITS;

/** Side of one square. A width that is divisible by 40 gives squares of whole chroma samples. */
export function squareSidePixels(widthPixels: number): number {
  return widthPixels / FRAME_CODE_BITS;
}

/** Tones lie on this grid, whose period of 40 ms divides a second: every second begins at phase 0. */
const TONE_STEP_HZ = 25;
/** Seconds until a tone comes again: a minute is told by the low tone, an hour by low and high together. */
export const TONE_SPAN = 64;
/** Tracks that can be told apart. */
export const TRACKS_MAX = 5;

const LOW_HZ = 400;
const HIGH_HZ = 2200;
const TRACK_HZ = 5000;
const TRACK_STEP_HZ = 200;

export function lowToneHz(step: number): number {
  return LOW_HZ + TONE_STEP_HZ * step;
}

export function highToneHz(step: number): number {
  return HIGH_HZ + TONE_STEP_HZ * step;
}

export function trackToneHz(track: number): number {
  return TRACK_HZ + TRACK_STEP_HZ * track;
}

/** What sounds during one second of one track. */
export function tonesOf(second: number, track: number): { lowHz: number; highHz: number; trackHz: number } {
  return {
    lowHz: lowToneHz(second % TONE_SPAN),
    highHz: highToneHz(Math.floor(second / TONE_SPAN) % TONE_SPAN),
    trackHz: trackToneHz(track),
  };
}

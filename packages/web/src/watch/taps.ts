/** What fingers ask for. */
export type Gesture = { readonly kind: "toggleControls" } | { readonly kind: "seekBy"; readonly seconds: number };

/** Taps that follow each other so soon belong together. */
const TOGETHER_MS = 350;
/** To the left and right of the middle, which nobody seeks with. */
const SIDE_SHARE = 0.36;
const TAP_SEEK_SECONDS = 10;

/** Makes gestures of taps: one shows or hides the controls, two at a side seek, and each further one seeks on. */
export class Taps {
  #lastMs = Number.NEGATIVE_INFINITY;
  #lastSide = 0;

  /** A finger was lifted where it had been put down: `xShare` from the left edge (0) to the right one (1). */
  tap(atMs: number, xShare: number): Gesture {
    const side = sideOf(xShare);
    const isTogether = atMs - this.#lastMs <= TOGETHER_MS && side !== 0 && side === this.#lastSide;
    this.#lastMs = atMs;
    this.#lastSide = side;
    if (!isTogether) return { kind: "toggleControls" };
    return { kind: "seekBy", seconds: side * TAP_SEEK_SECONDS };
  }
}

function sideOf(xShare: number): -1 | 0 | 1 {
  if (xShare < SIDE_SHARE) return -1;
  return xShare > 1 - SIDE_SHARE ? 1 : 0;
}

/**
 * Work that takes long, in steps of some milliseconds at most: whoever runs it may let others run between two of them. It is done
 * when the generator returns.
 */
export type Steps<Result> = Generator<void, Result, void>;

/** Does all of it at once. */
export function finished<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

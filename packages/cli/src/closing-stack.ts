/** What must be undone at the end, last thing first. Node 20 has no `AsyncDisposableStack`. */
export class ClosingStack implements AsyncDisposable {
  readonly #steps: (() => unknown)[] = [];

  /** Adds a step to the end of the programme. */
  defer(step: () => unknown): void {
    this.#steps.push(step);
  }

  /** Runs every step even if one fails; then rejects with the first failure. */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

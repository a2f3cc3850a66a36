/** Resolves after everything that is ready to run has run: what a virtual clock needs between two timers. */
export function drainEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/**
 * A controller that aborts when `signal` does, with its reason, or earlier. `signal` holds it until it is aborted: do so when its work has
 * ended. (`AbortSignal.any` holds by weak references, which a collection of young objects does not look through: whatever a request refers to
 * would be copied and kept until all of the heap is collected.)
 */
export function followingController(signal: AbortSignal): AbortController {
  const controller = new AbortController();
  const follow = (): void => controller.abort(signal.reason);
  signal.addEventListener("abort", follow, { once: true });
  // Not by the option `signal` of the other listener, which holds weakly, too.
  controller.signal.addEventListener("abort", () => signal.removeEventListener("abort", follow), { once: true });
  if (signal.aborted) follow();
  return controller;
}

/**
 * A controller that aborts when `signal` does, with its reason, or earlier. `signal` must not outlive its users by long: it holds the
 * controller. (`AbortSignal.any` holds by weak references, which a collection of young objects does not look through: whatever a request
 * refers to would be copied and kept until all of the heap is collected.)
 */
export function followingController(signal: AbortSignal): AbortController {
  const controller = new AbortController();
  const follow = (): void => controller.abort(signal.reason);
  if (signal.aborted) follow();
  else signal.addEventListener("abort", follow, { once: true });
  return controller;
}

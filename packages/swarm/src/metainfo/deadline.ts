import { setMaxListeners } from "node:events";
import { abortable, type Clock } from "@riptide/core";

export interface Deadline {
  readonly clock: Clock;
  /** The caller's: aborts `run` with its own reason. */
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** What `run` is aborted with when its time is over. */
  readonly timeoutError: () => Error;
}

/**
 * Gives `run` a signal that aborts when the caller's does or when the time is over. In that moment the promise rejects with the
 * signal's reason, whatever `run` does. Timer and listener are gone when the promise settles (`AbortSignal.any` and `.timeout` would hang
 * on to a long-lived signal).
 */
export async function withDeadline<T>(deadline: Deadline, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  deadline.signal.throwIfAborted();
  const controller = new AbortController();
  // `run` may well do a dozen things at once under this signal.
  setMaxListeners(0, controller.signal);
  const onAbort = () => controller.abort(deadline.signal.reason);
  deadline.signal.addEventListener("abort", onAbort, { once: true });
  const timer = deadline.clock.setTimer(deadline.timeoutMs, () => controller.abort(deadline.timeoutError()));
  try {
    return await abortable(run(controller.signal), controller.signal);
  } catch (error) {
    controller.signal.throwIfAborted();
    throw error;
  } finally {
    timer[Symbol.dispose]();
    deadline.signal.removeEventListener("abort", onAbort);
  }
}

import { failureText } from "./failure-text.ts";

/** EX_SOFTWARE of sysexits.h: a bug of ours. */
export const EXIT_INTERNAL = 70;

/**
 * One Ctrl-C arrives twice under `npm start`: from the terminal, and passed on by npm. Only what comes later than this is
 * a second wish.
 */
const ECHO_MS = 500;
/** After a fault nothing may be relied on, not even that closing ends. */
const FAULT_CLOSE_MS = 5_000;

/** Why and how this process is to end. */
export interface ProcessEnd {
  /** Aborted by SIGINT, SIGTERM, SIGHUP (the terminal was closed), or a fault of ours. */
  readonly stop: AbortSignal;
  /** Whether an error came that nobody handled. */
  hasFault(): boolean;
}

/**
 * Listens for what ends the process: the first signal asks it to close, the second one ends it at once. So does an error that
 * nobody handled, after it was reported and with exit code 70.
 */
export function watchForEnd(report: (error: unknown) => void): ProcessEnd {
  const controller = new AbortController();
  let isFaulty = false;
  let firstSignalMs = Number.POSITIVE_INFINITY;
  const onSignal = (): void => {
    if (performance.now() - firstSignalMs > ECHO_MS) process.exit();
    firstSignalMs = Math.min(firstSignalMs, performance.now());
    controller.abort();
  };
  // Node.js forgets that nohup(1) ignores SIGHUP (its ResetSignalHandlers): whoever closes the terminal means to end us.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, onSignal);
  // Unhandled rejections come here too.
  process.on("uncaughtException", (error) => {
    report(error);
    isFaulty = true;
    process.exitCode = EXIT_INTERNAL;
    if (controller.signal.aborted) process.exit();
    controller.abort();
    setTimeout(() => process.exit(), FAULT_CLOSE_MS).unref();
  });
  // Whoever read our lines has gone (EPIPE). Whoever streams has not.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  return { stop: controller.signal, hasFault: () => isFaulty };
}

/** One line with all we know. */
export function faultLine(error: unknown): string {
  return `Riptide ends because of a fault of its own, please report it: ${failureText(error)}`;
}

import { RiptideError } from "@riptide/core";
import { printable } from "./printable.ts";

/** Causes below this depth say nothing new, and a cause may be its own. */
const CAUSES_MAX = 3;

/** A failure as one line for the log: a sentence for those that users meet, everything we know for our own faults. */
export function failureText(error: unknown): string {
  const parts = [error === undefined ? "No reason is known." : oneLine(error)];
  for (let cause = causeOf(error); cause !== undefined && parts.length <= CAUSES_MAX; cause = causeOf(cause)) {
    parts.push(oneLine(cause));
  }
  return parts.join(" Cause: ");
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

function oneLine(error: unknown): string {
  if (error instanceof RiptideError) return printable(error.message);
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return printable(text.replace(/\s*\n\s*/g, " | "));
}

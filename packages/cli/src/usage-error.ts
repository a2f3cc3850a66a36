/** A start that cannot be: the message is the one line the user sees. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

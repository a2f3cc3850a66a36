/**
 * `absent`: this file is not to be had there, now or later. `failed`: this time it did not work; `retryAfterMs` if the server said when it
 * may.
 */
export class WebSeedError extends Error {
  override readonly name = "WebSeedError";
  readonly kind: "absent" | "failed";
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: WebSeedError["kind"],
    message: string,
    options: { readonly cause?: unknown; readonly retryAfterMs?: number | undefined } = {},
  ) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs;
  }
}

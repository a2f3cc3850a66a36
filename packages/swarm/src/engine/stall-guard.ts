import type { Clock, PieceProvider, StreamError } from "@riptide/core";

export interface StallGuardOptions {
  readonly clock: Clock;
  /** How long a read may wait while nothing at all arrives. */
  readonly limitMs: number;
  /** When anything last arrived, by the same clock. */
  readonly lastProgressMs: () => number;
  /** Whether what is there at this place can be served as it is, or has to be checked first. */
  readonly isSure: (offset: number) => boolean;
  readonly explain: () => StreamError;
}

/** A provider whose reads do not wait for ever in a swarm that delivers nothing: they fail and say why. */
export function withStallGuard(provider: PieceProvider, options: StallGuardOptions): PieceProvider {
  return {
    sizeBytes: provider.sizeBytes,
    available: (range) => provider.available(range),
    want: (demand) => provider.want(demand),
    readAt: (offset, length, read) => {
      const isThere = offset >= 0 && length > 0 && provider.available({ start: offset, end: offset + 1 }).length > 0;
      if ((isThere && options.isSure(offset)) || read.signal.aborted) return provider.readAt(offset, length, read);
      return guardedRead(provider, options, { offset, length, ...read });
    },
  };
}

async function guardedRead(
  provider: PieceProvider,
  options: StallGuardOptions,
  read: { offset: number; length: number } & Parameters<PieceProvider["readAt"]>[2],
): Promise<Uint8Array> {
  const { clock, limitMs } = options;
  const controller = new AbortController();
  const startedMs = clock.nowMs();
  const check = (): void => {
    const idleMs = clock.nowMs() - Math.max(startedMs, options.lastProgressMs());
    if (idleMs >= limitMs) controller.abort(options.explain());
    else timer = clock.setTimer(limitMs - idleMs, check);
  };
  let timer = clock.setTimer(limitMs, check);
  const forward = (): void => controller.abort(read.signal.reason);
  read.signal.addEventListener("abort", forward, { once: true });
  try {
    const { offset, length, ...rest } = read;
    return await provider.readAt(offset, length, { ...rest, signal: controller.signal });
  } finally {
    timer[Symbol.dispose]();
    read.signal.removeEventListener("abort", forward);
  }
}

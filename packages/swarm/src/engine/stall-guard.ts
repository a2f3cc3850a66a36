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

/**
 * How many times as long a read waits for peers where one has been waited for and came: a network that is gone comes back, and a player
 * whose stream breaks off may not ask again.
 */
const OUTAGE_PATIENCE = 3;

/** A provider whose reads do not wait for ever in a swarm that delivers nothing: they fail and say why. */
export function withStallGuard(provider: PieceProvider, options: StallGuardOptions): PieceProvider {
  let patience = 1;
  const waitingRead = async (read: Read): Promise<Uint8Array> => {
    const bytes = await guardedRead(provider, { ...options, patience }, read);
    patience = OUTAGE_PATIENCE;
    return bytes;
  };
  return {
    sizeBytes: provider.sizeBytes,
    available: (range) => provider.available(range),
    want: (demand) => provider.want(demand),
    readAt: (offset, length, read) => {
      const isThere = offset >= 0 && length > 0 && provider.available({ start: offset, end: offset + 1 }).length > 0;
      if ((isThere && options.isSure(offset)) || read.signal.aborted) return provider.readAt(offset, length, read);
      return waitingRead({ offset, length, ...read });
    },
  };
}

type Read = { offset: number; length: number } & Parameters<PieceProvider["readAt"]>[2];

async function guardedRead(
  provider: PieceProvider,
  options: StallGuardOptions & { readonly patience: number },
  read: Read,
): Promise<Uint8Array> {
  const { clock, limitMs } = options;
  const controller = new AbortController();
  const startedMs = clock.nowMs();
  const check = (): void => {
    const idleMs = clock.nowMs() - Math.max(startedMs, options.lastProgressMs());
    const why = options.explain();
    const leftMs = (why.code === "no_peers" ? options.patience : 1) * limitMs - idleMs;
    if (leftMs <= 0) controller.abort(why);
    else timer = clock.setTimer(leftMs, check);
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

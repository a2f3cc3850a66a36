import type { PieceProvider } from "@riptide/core";

/** What `read` makes of the bytes that are there, without fetching any; undefined if it needs others. */
export function readOfPresent<T>(
  provider: PieceProvider,
  read: (present: PieceProvider) => Promise<T>,
): Promise<T | undefined> {
  return unlessMissing(() => read(presentProvider(provider)));
}

/** The result of work over a `presentProvider`; undefined if it needs bytes that are missing. */
export async function unlessMissing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MissingBytes) return undefined;
    throw error;
  }
}

/** A byte that is not there yet. Never leaves `unlessMissing`. */
export class MissingBytes extends Error {
  override readonly name = "MissingBytes";
}

/** The bytes that are there; reading others rejects with `MissingBytes`. It demands nothing. */
export function presentProvider(provider: PieceProvider): PieceProvider {
  return {
    sizeBytes: provider.sizeBytes,
    available: (range) => provider.available(range),
    want: () => NO_DEMAND,
    async readAt(offset, length, options) {
      const [first] = provider.available({ start: offset, end: offset + length });
      if (first?.start !== offset) throw new MissingBytes();
      return provider.readAt(offset, first.end - first.start, options);
    },
  };
}

const NO_DEMAND: Disposable = { [Symbol.dispose]: () => undefined };

import type { PieceProvider, Urgency } from "@riptide/core";
import type { ByteSource } from "@riptide/media";

/** The film itself goes before what only comes with it: the fonts of its subtitles, the names of its chapters. */
export const UNHURRIED: Urgency = "later";

/** The bytes of a file, behind all that is more urgent. */
export function unhurriedSource(provider: PieceProvider): ByteSource {
  return {
    sizeBytes: provider.sizeBytes,
    readAt: (offset, length, options) => provider.readAt(offset, length, { ...options, urgency: UNHURRIED }),
  };
}

/** What `read` makes of the bytes that are there, without fetching any; undefined if it needs others. */
export async function readOfPresent<T>(
  provider: PieceProvider,
  read: (source: ByteSource) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read(presentSource(provider));
  } catch (error) {
    if (error instanceof MissingBytes) return undefined;
    throw error;
  }
}

/** A byte that is not there yet. Never leaves this file. */
class MissingBytes extends Error {
  override readonly name = "MissingBytes";
}

/** The bytes that are there; reading others rejects with `MissingBytes`. */
function presentSource(provider: PieceProvider): ByteSource {
  return {
    sizeBytes: provider.sizeBytes,
    async readAt(offset, length, options) {
      const [first] = provider.available({ start: offset, end: offset + length });
      if (first?.start !== offset) throw new MissingBytes();
      return provider.readAt(offset, first.end - first.start, options);
    },
  };
}

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

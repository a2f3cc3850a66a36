import type { StreamContext } from "@riptide/core";

/** Names the bytes of a file. */
export function keyOf(file: StreamContext["file"]): string {
  return `${file.infoHash}-${file.index}`;
}

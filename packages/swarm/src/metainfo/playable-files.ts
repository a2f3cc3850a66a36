import type { ByteRange } from "@riptide/core";
import type { Metainfo } from "./metainfo.ts";

/** Where the files lie that somebody may open, in torrent bytes. */
export function playableFiles({ files }: Metainfo): ByteRange[] {
  return files
    .filter(({ isPadding }) => !isPadding)
    .map(({ offsetBytes, lengthBytes }) => ({ start: offsetBytes, end: offsetBytes + lengthBytes }));
}

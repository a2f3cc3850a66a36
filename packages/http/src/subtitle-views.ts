import type { TorrentEngine } from "@riptide/core";
import { type Attachment, type Sidecar, sidecarsFor } from "@riptide/stream";
import type { FileTarget } from "./routes/targets.ts";

/** The files of subtitles in the torrent that go with one of its films. None of them is read for it. */
export function sidecarsOf(
  { infoHash, index }: FileTarget,
  { engine }: { readonly engine: TorrentEngine },
): readonly Sidecar[] {
  const files = engine.get(infoHash)?.files ?? [];
  const film = files.find((file) => file.index === index);
  return film === undefined ? [] : sidecarsFor(film.path, files);
}

/** An attachment as the API shows it: where it lies is nobody's business. */
export function attachmentView({ index, name, mediaType, lengthBytes }: Attachment) {
  return { index, name, mediaType, length: lengthBytes };
}

import { type SampleTorrent, sampleTorrent } from "./sample-torrent.ts";

/** Large enough that no child finishes it before it is killed, with files that share pieces. */
export function crashTorrent(): SampleTorrent {
  const files = Array.from({ length: 40 }, (_, index) => [`folder-${index % 3}/part-${index}`, 210_001] as const);
  return sampleTorrent({ pieceLengthBytes: 16 * 1024, files });
}

import type { ProbeResult } from "../probe-result.ts";
import type { MediaReader } from "../reader.ts";
import { parseMovie } from "./movie.ts";
import { readSegmentIndex } from "./segment-index.ts";
import { readMoov } from "./top-level.ts";

/**
 * Reads the moov of an MP4 or QuickTime file, wherever it lies, and the segment index of a fragmented one.
 * Throws `MediaError` `damaged_media`.
 */
export async function probeIsobmff(reader: MediaReader): Promise<ProbeResult> {
  const moov = await readMoov(reader);
  const { tracks, durationSeconds, hasSampleTables } = parseMovie(moov.content);
  const isFastStart = !moov.isMediaFirst;
  // Sample tables are all inside the moov; fragments are found through a `sidx`, or not at all.
  if (hasSampleTables) {
    return { tracks, durationSeconds, isFastStart, keyIndex: { kind: "stss", startByte: moov.offset } };
  }
  const sidx = await readSegmentIndex(reader, moov.endOffset);
  return {
    tracks,
    durationSeconds: durationSeconds ?? sidx?.durationSeconds,
    isFastStart,
    keyIndex: sidx && { kind: "sidx", startByte: sidx.offset },
  };
}

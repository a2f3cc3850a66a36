import type { ProbeResult } from "../probe-result.ts";
import type { MediaReader } from "../reader.ts";
import { readTransportFilm } from "./transport-film.ts";

/**
 * Reads a transport stream as far as all of its tracks have begun, and its end for its duration. Throws `MediaError`
 * `damaged_media`.
 */
export async function probeMpegts(reader: MediaReader): Promise<ProbeResult> {
  const { durationSeconds, tracks } = await readTransportFilm(reader);
  return {
    durationSeconds,
    tracks: tracks.map(({ coded }) => coded.track),
    keyIndex: undefined,
    isFastStart: undefined,
  };
}

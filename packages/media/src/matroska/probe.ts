import type { ProbeResult } from "../probe-result.ts";
import type { MediaReader } from "../reader.ts";
import { readMatroskaHeader } from "./header.ts";

/** Reads a Matroska or WebM file up to its first Cluster. Throws `MediaError` `damaged_media`. */
export async function probeMatroska(reader: MediaReader): Promise<ProbeResult> {
  const header = await readMatroskaHeader(reader);
  return {
    durationSeconds: header.durationSeconds,
    tracks: header.tracks.map(({ track }) => track),
    keyIndex: header.cuesOffset === undefined ? undefined : { kind: "cues", startByte: header.cuesOffset },
    isFastStart: undefined,
  };
}

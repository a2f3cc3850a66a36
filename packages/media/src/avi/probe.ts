import type { KeyIndexSummary } from "../media-info.ts";
import type { ProbeResult } from "../probe-result.ts";
import type { MediaReader } from "../reader.ts";
import { numberTracks } from "../track-list.ts";
import { type AviHeader, readAviHeader } from "./header.ts";

/** Reads the header of an AVI file. The index is found from the size of its media and is not read. Rejects like `readAviHeader`. */
export async function probeAvi(reader: MediaReader): Promise<ProbeResult> {
  const header = await readAviHeader(reader);
  return {
    durationSeconds: durationSecondsOf(header),
    tracks: numberTracks(header.streams.flatMap(({ draft }) => draft ?? [])),
    keyIndex: keyIndexOf(header, reader.sizeBytes),
    isFastStart: undefined,
  };
}

/** That of the longest stream; 0 if none tells. */
export function durationSecondsOf({ streams }: Pick<AviHeader, "streams">): number {
  return Math.max(0, ...streams.map(({ scale, rate, lengthUnits }) => scale * rate && (lengthUnits * scale) / rate));
}

function keyIndexOf({ promisesIndex, movi }: AviHeader, sizeBytes: number): KeyIndexSummary | undefined {
  const startByte = movi?.endOffset;
  const isThere = promisesIndex && startByte !== undefined && startByte < sizeBytes;
  return isThere ? { kind: "idx1", startByte } : undefined;
}

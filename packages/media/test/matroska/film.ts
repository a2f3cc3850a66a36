import { ElementId } from "../../src/matroska/element-ids.ts";
import { bytes, element, f64, u32, u64 } from "../support/build.ts";

/** Builders of Matroska files for tests. */

export const EBML_HEADER = element(ElementId.ebmlHeader, element(ElementId.docType, "matroska"));

/** Positions in a Segment count from the end of this many bytes, when it follows `EBML_HEADER`. */
export const SEGMENT_START = EBML_HEADER.length + 12;

export function info(durationTicks: number, timestampScale = 1_000_000): Uint8Array {
  return element(
    ElementId.info,
    element(ElementId.timestampScale, u32(timestampScale)),
    element(ElementId.duration, f64(durationTicks)),
  );
}

export function track(number: number, type: number, codecId: string, ...fields: Uint8Array[]): Uint8Array {
  return element(
    ElementId.trackEntry,
    element(ElementId.trackNumber, number),
    element(ElementId.trackType, type),
    element(ElementId.codecId, codecId),
    element(ElementId.language, "und"),
    ...fields,
  );
}

export function tracks(...entries: Uint8Array[]): Uint8Array {
  return element(ElementId.tracks, ...entries);
}

export const VIDEO_TRACK = track(1, 1, "V_VP8");
export const AUDIO_TRACK = track(2, 2, "A_OPUS");

export function seekHead(...entries: (readonly [number, number])[]): Uint8Array {
  return element(
    ElementId.seekHead,
    ...entries.map(([id, position]) =>
      element(ElementId.seek, element(ElementId.seekId, u32(id)), element(ElementId.seekPosition, u64(position))),
    ),
  );
}

export function cluster(lengthBytes = 100): Uint8Array {
  return element(ElementId.cluster, new Uint8Array(lengthBytes).fill(0x55));
}

/** Cue points as `[time in ticks, track number, position in the Segment]`. */
export function cues(...points: (readonly [number, number, number])[]): Uint8Array {
  return element(
    ElementId.cues,
    ...points.map(([ticks, trackNumber, position]) =>
      element(
        ElementId.cuePoint,
        element(ElementId.cueTime, u32(ticks)),
        element(
          ElementId.cueTrackPositions,
          element(ElementId.cueTrack, trackNumber),
          element(ElementId.cueClusterPosition, u64(position)),
        ),
      ),
    ),
  );
}

export function matroska(...segmentContent: Uint8Array[]): Uint8Array {
  return bytes(EBML_HEADER, element(ElementId.segment, ...segmentContent));
}

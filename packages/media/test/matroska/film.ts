import { ElementId } from "../../src/matroska/element-ids.ts";
import { bytes, element, f64, u16, u32, u64 } from "../support/build.ts";

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

/** A Cluster with a time and whatever else is in it. */
export function timedCluster(timestampTicks: number, ...content: Uint8Array[]): Uint8Array {
  return element(ElementId.cluster, element(ElementId.timestamp, u64(timestampTicks)), ...content);
}

/** Flags of blocks, RFC 9559 §10.1 and §10.2. */
export const KEYFRAME = 0x80;
export const XIPH = 0x02;
export const FIXED = 0x04;
export const EBML = 0x06;

/** What a block holds: its track, a time that counts from its Cluster's, flags, and frames as they are stored. */
export function blockContent(
  trackNumber: number,
  relativeTicks: number,
  flags: number,
  ...stored: (number | Uint8Array)[]
) {
  return bytes(0x80 | trackNumber, u16(relativeTicks & 0xffff), flags, ...stored);
}

export function simpleBlock(...content: Parameters<typeof blockContent>): Uint8Array {
  return element(ElementId.simpleBlock, blockContent(...content));
}

export function blockGroup(content: Uint8Array, ...fields: Uint8Array[]): Uint8Array {
  return element(ElementId.blockGroup, element(ElementId.block, content), ...fields);
}

/** What a TrackEntry says of frames that were packed; without fields, that zlib did it. */
export function compression(...fields: Uint8Array[]): Uint8Array {
  return contentEncoding(element(ElementId.contentCompression, ...fields));
}

export function contentEncoding(...fields: Uint8Array[]): Uint8Array {
  return element(ElementId.contentEncodings, element(ElementId.contentEncoding, ...fields));
}

/** That all frames of a track start with `prefix`, which is left out of the file. */
export function strippedOf(prefix: Uint8Array): Uint8Array {
  return compression(element(ElementId.contentCompAlgo, 3), element(ElementId.contentCompSettings, prefix));
}

/** Frames in one block, as RFC 9559 §10.3 lays them out: their number, their sizes, themselves. */
export function xiphLace(...frames: Uint8Array[]): Uint8Array {
  const sizes = frames
    .slice(0, -1)
    .flatMap(({ length }) => [...Array(Math.floor(length / 255)).fill(255), length % 255]);
  return bytes(frames.length - 1, ...sizes, ...frames);
}

export function ebmlLace(...frames: Uint8Array[]): Uint8Array {
  const sizes = frames.slice(0, -1).map(({ length }, index) => {
    const previous = frames[index - 1]?.length;
    // Two bytes hold 0 to 16382, or 8191 less and more than the size before.
    return u16(0x4000 | (previous === undefined ? length : length - previous + 8191));
  });
  return bytes(frames.length - 1, ...sizes, ...frames);
}

export function fixedLace(...frames: Uint8Array[]): Uint8Array {
  return bytes(frames.length - 1, ...frames);
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

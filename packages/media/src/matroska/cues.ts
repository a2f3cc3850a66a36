import type { KeyIndex } from "../key-index.ts";
import { type ByteSource, MediaReader } from "../reader.ts";
import { elementsOf, fieldsOf, unsignedInteger } from "./ebml.ts";
import { ElementId } from "./element-ids.ts";
import { type MatroskaHeader, readElementHeader } from "./header.ts";

/** Cues of ten hours with a keyframe each half second take about 2 MiB. */
const CUES_LIMIT_BYTES = 4 * 1024 * 1024;
/** One place a second for a day; finer indexes of longer films lose their end. */
const CUE_POINTS_LIMIT = 100_000;

/**
 * Reads the Cues of a Matroska or WebM file, wherever they lie, in one read or two.
 *
 * The entries are those of the first video track, or of any track if there is no video; they are the offsets of Clusters, as the
 * Cues claim: ask `isClusterAt` before relying on one. Undefined if the file has no Cues, or none that can be used; the time
 * can then only be searched for. Rejects with whatever `source.readAt` rejects with.
 */
export async function readCues(reader: MediaReader, header: MatroskaHeader): Promise<KeyIndex | undefined> {
  const { firstClusterOffset, cuesOffset } = header;
  if (firstClusterOffset === undefined || cuesOffset === undefined) return undefined;
  const content = await readCuesContent(reader, cuesOffset);
  if (content === undefined) return undefined;
  const entries = parseCues(content, header, { start: firstClusterOffset, end: reader.sizeBytes });
  return entries.length === 0 ? undefined : entries;
}

/** Whether a Cluster starts at `offsetBytes`. Reads one block. */
export async function isClusterAt(
  source: ByteSource,
  offsetBytes: number,
  options: { readonly signal: AbortSignal },
): Promise<boolean> {
  if (!Number.isSafeInteger(offsetBytes) || offsetBytes < 0) return false;
  const header = await readElementHeader(new MediaReader(source, options), offsetBytes);
  return header?.id === ElementId.cluster;
}

async function readCuesContent(reader: MediaReader, offset: number): Promise<Uint8Array | undefined> {
  const header = await readElementHeader(reader, offset);
  if (header?.id !== ElementId.cues || header.contentLengthBytes > CUES_LIMIT_BYTES) return undefined;
  return reader.bytes(offset + header.headerLengthBytes, header.contentLengthBytes);
}

/** RFC 9559 §5.1.5: CuePoints hold a time and, per track, the position of a Cluster in the Segment. */
function parseCues(content: Uint8Array, header: MatroskaHeader, media: { start: number; end: number }): KeyIndex {
  const wantedTrack = header.tracks.find(({ track }) => track.kind === "video")?.number;
  const timeByOffset = new Map<number, number>();
  for (const point of elementsOf(content, CUE_POINTS_LIMIT)) {
    if (point.id !== ElementId.cuePoint) continue;
    const timeTicks = unsignedInteger(fieldsOf(point.content).get(ElementId.cueTime));
    const position = clusterPosition(point.content, wantedTrack);
    if (timeTicks === undefined || position === undefined) continue;
    const offset = header.segmentStart + position;
    const timeSeconds = (timeTicks * header.timestampScaleNanoseconds) / 1e9;
    if (offset < media.start || offset >= media.end) continue;
    timeByOffset.set(offset, Math.min(timeSeconds, timeByOffset.get(offset) ?? timeSeconds));
  }
  return [...timeByOffset]
    .map(([offsetBytes, timeSeconds]) => ({ timeSeconds, offsetBytes }))
    .sort((a, b) => a.timeSeconds - b.timeSeconds || a.offsetBytes - b.offsetBytes);
}

/** §5.1.5.1.2: the CueClusterPosition for one track, or for the first of any track. */
function clusterPosition(cuePoint: Uint8Array, wantedTrack: number | undefined): number | undefined {
  for (const element of elementsOf(cuePoint)) {
    if (element.id !== ElementId.cueTrackPositions) continue;
    const fields = fieldsOf(element.content);
    const track = unsignedInteger(fields.get(ElementId.cueTrack));
    if (wantedTrack === undefined || track === wantedTrack) {
      return unsignedInteger(fields.get(ElementId.cueClusterPosition));
    }
  }
  return undefined;
}

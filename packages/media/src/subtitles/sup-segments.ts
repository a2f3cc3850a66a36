import { ByteCursor } from "../byte-cursor.ts";
import type { CodedTrack, Packet } from "../packet.ts";

/** Segment type and length, in front of every segment. */
const SEGMENT_HEADER_LENGTH_BYTES = 3;
/** "PG", presentation and decoding time, in front of every segment of a .sup file. */
const SUP_HEADER_LENGTH_BYTES = 10;
/** Windows, palettes, objects and their parts: a whole screen at the worst has some hundred. */
const SEGMENTS_LIMIT = 4096;

const SUP_TIMESCALE = 90_000;

/**
 * The segments of a PGS packet ("Matroska Codec Specifications" §4.5.9: as on a Blu-ray disc, without its headers) in the form of a
 * .sup file. Those of all packets, one after the other, are such a file. Empty for a packet of another kind; a segment that is cut off
 * ends it. Decoding times are 0, as all tools write them.
 */
export function supSegments(track: CodedTrack, packet: Packet): Uint8Array {
  if (track.track.kind !== "subtitle" || track.track.codec !== "pgs") return new Uint8Array(0);
  const segments = segmentsOf(packet.data);
  const lengthBytes = segments.reduce((sum, segment) => sum + SUP_HEADER_LENGTH_BYTES + segment.length, 0);
  const sup = new Uint8Array(lengthBytes);
  const view = new DataView(sup.buffer);
  const ptsTicks = Math.max(0, Math.round((packet.ptsTicks / track.timescale) * SUP_TIMESCALE));
  let offset = 0;
  for (const segment of segments) {
    sup.set([0x50, 0x47], offset); // "PG"
    view.setUint32(offset + 2, ptsTicks); // Wraps after 13 hours, as the format does.
    sup.set(segment, offset + SUP_HEADER_LENGTH_BYTES);
    offset += SUP_HEADER_LENGTH_BYTES + segment.length;
  }
  return sup;
}

function segmentsOf(data: Uint8Array): Uint8Array[] {
  const segments: Uint8Array[] = [];
  const cursor = new ByteCursor(data, "PGS packet");
  while (segments.length < SEGMENTS_LIMIT && cursor.remaining >= SEGMENT_HEADER_LENGTH_BYTES) {
    const start = cursor.position;
    const contentLengthBytes = cursor.skip(1).u16();
    if (contentLengthBytes > cursor.remaining) break;
    cursor.skip(contentLengthBytes);
    segments.push(data.subarray(start, cursor.position));
  }
  return segments;
}

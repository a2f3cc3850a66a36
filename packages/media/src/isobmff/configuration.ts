import type { Track } from "../media-info.ts";
import { boxAt } from "./box.ts";
import { parseElementaryStream } from "./descriptors.ts";
import { audioEntryBoxes, type SampleEntry, videoEntryBoxes } from "./sample-entries.ts";

/** `CodedTrack.configuration` from the description of a track. Throws `damaged_media` if that is cut off. */
export function configurationOf(track: Track, entry: SampleEntry): Uint8Array {
  if (entry.content.length === 0) return NOTHING;
  // A copy: it outlives the moov, of which it is the smallest part.
  return (CONFIGURATIONS[track.codec]?.(boxesIn(track, entry), entry) ?? NOTHING).slice();
}

const NOTHING = new Uint8Array(0);

/** ISO/IEC 14496-12 §8.5.2.2: six reserved octets and the index of the data reference. */
const SAMPLE_ENTRY_LENGTH_BYTES = 8;

function boxesIn(track: Track, entry: SampleEntry): Uint8Array {
  if (track.kind === "video") return videoEntryBoxes(entry);
  return track.kind === "audio" ? audioEntryBoxes(entry) : entry.content.subarray(SAMPLE_ENTRY_LENGTH_BYTES);
}

type FindConfiguration = (boxes: Uint8Array, entry: SampleEntry) => Uint8Array | undefined;

const decoderSpecificInfo: FindConfiguration = (boxes) => {
  const esds = boxAt(boxes, "esds");
  return esds && parseElementaryStream(esds)?.decoderConfig;
};

const CONFIGURATIONS: Partial<Record<Track["codec"], FindConfiguration>> = {
  h264: (boxes) => boxAt(boxes, "avcC"),
  hevc: (boxes) => boxAt(boxes, "hvcC"),
  av1: (boxes) => boxAt(boxes, "av1C"),
  mpeg4: decoderSpecificInfo,
  mpeg2: decoderSpecificInfo,
  aac: decoderSpecificInfo,
  vorbis: decoderSpecificInfo,
  vobsub: decoderSpecificInfo,
  opus: (boxes) => opusHead(boxAt(boxes, "dOps")),
  // Version and flags are in front of the metadata blocks (Encapsulation of FLAC in ISOBMFF §3.3.2) …
  flac: (boxes) => boxAt(boxes, "dfLa")?.subarray(4),
  // … and of the ALACSpecificConfig.
  alac: (boxes) => boxAt(boxes, "alac")?.subarray(4),
  // All of the description (3GPP TS 26.245 §5.16): display flags, colours, fonts.
  mov_text: (fields) => fields,
  webvtt: (boxes) => boxAt(boxes, "vttC"),
};

/**
 * The OpusHead of RFC 7845 §5.1 from the same fields in a `dOps` box (Encapsulation of Opus in ISOBMFF §4.3.2), which has them in
 * the other byte order.
 */
function opusHead(dops: Uint8Array | undefined): Uint8Array | undefined {
  if (dops === undefined || dops.length < DOPS_LENGTH_BYTES) return undefined;
  const fields = new DataView(dops.buffer, dops.byteOffset, dops.byteLength);
  const head = new Uint8Array(OPUS_MAGIC.length + dops.length);
  head.set(OPUS_MAGIC);
  head.set(dops, OPUS_MAGIC.length);
  const view = new DataView(head.buffer, OPUS_MAGIC.length);
  view.setUint8(0, 1);
  view.setUint16(2, fields.getUint16(2), true);
  view.setUint32(4, fields.getUint32(4), true);
  view.setUint16(8, fields.getUint16(8), true);
  return head;
}

/** Version, channels, pre-skip, rate, gain, mapping family; a mapping table may follow. */
const DOPS_LENGTH_BYTES = 11;
const OPUS_MAGIC = new TextEncoder().encode("OpusHead");

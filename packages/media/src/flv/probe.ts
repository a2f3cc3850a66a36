import { ByteCursor } from "../byte-cursor.ts";
import { damagedMedia } from "../damaged.ts";
import type { ProbeResult } from "../probe-result.ts";
import type { MediaReader } from "../reader.ts";
import { audioTrack, numberTracks, videoTrack } from "../track-list.ts";
import { readMetadataNumbers } from "./amf0.ts";
import {
  FlvTagType,
  parseAudioTag,
  parseVideoTag,
  TAG_HEADER_LENGTH_BYTES,
  TAG_TRAILER_LENGTH_BYTES,
  tagHeaderOf,
} from "./tags.ts";

/**
 * Reads the header and the first tags of an FLV file (Adobe Flash Video File Format E.2 to E.5): the metadata, and the
 * first tag of each kind that the header announces. Throws `MediaError` `damaged_media`.
 */
export async function probeFlv(reader: MediaReader): Promise<ProbeResult> {
  const tags = await readFirstTags(reader);
  const video = tags.get(FlvTagType.video);
  const audio = tags.get(FlvTagType.audio);
  if (video === undefined && audio === undefined) throw damagedMedia("it has neither video nor audio at its start");
  const metadata = readMetadata(tags.get(FlvTagType.script));
  const size = { widthPixels: metadata.get("width"), heightPixels: metadata.get("height") };
  return {
    durationSeconds: metadata.get("duration"),
    tracks: numberTracks([
      ...(video === undefined
        ? []
        : [videoTrack({ ...parseVideoTag(video), ...size, framesPerSecond: metadata.get("framerate") })]),
      ...(audio === undefined ? [] : [audioTrack(parseAudioTag(audio))]),
    ]),
    keyIndex: undefined,
    isFastStart: undefined,
  };
}

const FILE_HEADER_LENGTH_BYTES = 9;
/** Metadata holds a keyframe table, 18 bytes per keyframe. */
const METADATA_LIMIT_BYTES = 1024 * 1024;
/** A decoder configuration is a few dozen bytes at the start of a tag. */
const MEDIA_TAG_LIMIT_BYTES = 4 * 1024;
/** How far the first tag of each kind may lie: a track that starts later is found by nobody. */
const SCAN_LIMIT_BYTES = 1024 * 1024;
const TAGS_LIMIT = 256;

/** The data of the first tag of each type; media tags only as far as their configuration goes. */
async function readFirstTags(reader: MediaReader): Promise<ReadonlyMap<number, Uint8Array>> {
  const header = new ByteCursor(await reader.bytes(0, FILE_HEADER_LENGTH_BYTES), "FLV header");
  const announced = announcedTypes(header.skip(4).u8());
  const start = header.u32() + TAG_TRAILER_LENGTH_BYTES;
  const tags = new Map<number, Uint8Array>();
  let offset = start;
  for (let count = 0; count < TAGS_LIMIT && offset < start + SCAN_LIMIT_BYTES; count += 1) {
    if (announced.every((type) => tags.has(type))) break;
    const tag = tagHeaderOf(await reader.bytes(offset, TAG_HEADER_LENGTH_BYTES));
    if (tag === undefined) break;
    const dataStart = offset + TAG_HEADER_LENGTH_BYTES;
    if (!tags.has(tag.type) && tag.dataLengthBytes > 0) {
      const limitBytes = tag.type === FlvTagType.script ? METADATA_LIMIT_BYTES : MEDIA_TAG_LIMIT_BYTES;
      tags.set(tag.type, await reader.bytes(dataStart, Math.min(tag.dataLengthBytes, limitBytes)));
    }
    offset = dataStart + tag.dataLengthBytes + TAG_TRAILER_LENGTH_BYTES;
  }
  return tags;
}

/** E.2: TypeFlags. A header that announces nothing is wrong, so both are looked for. */
function announcedTypes(flags: number): number[] {
  const types = [
    ...((flags & 0x04) === 0 ? [] : [FlvTagType.audio]),
    ...((flags & 0x01) === 0 ? [] : [FlvTagType.video]),
  ];
  return types.length === 0 ? [FlvTagType.audio, FlvTagType.video] : types;
}

function readMetadata(scriptData: Uint8Array | undefined): ReadonlyMap<string, number> {
  return scriptData === undefined ? new Map<string, number>() : readMetadataNumbers(scriptData);
}

import { ByteCursor } from "../byte-cursor.ts";
import { bitmapFormat, waveFormat } from "../codecs/microsoft.ts";
import { damagedMedia } from "../damaged.ts";
import { hexOf } from "../hex.ts";
import type { ProbeResult } from "../probe-result.ts";
import type { MediaReader } from "../reader.ts";
import { audioTrack, numberTracks, TRACKS_LIMIT, type TrackDraft, videoTrack } from "../track-list.ts";
import { AsfGuid } from "./guids.ts";

/**
 * Reads the header object of an ASF file (Advanced Systems Format specification §3): file and stream properties;
 * metadata such as cover art is stepped over. Throws `MediaError` `damaged_media`.
 */
export async function probeAsf(reader: MediaReader): Promise<ProbeResult> {
  const objects = await readHeaderObjects(reader);
  if (objects.length === 0) throw damagedMedia("its ASF header lists nothing");
  const fileProperties = objects.find(({ guid }) => guid === AsfGuid.fileProperties);
  const streams = objects.filter(({ guid }) => guid === AsfGuid.streamProperties).slice(0, TRACKS_LIMIT);
  return {
    durationSeconds: fileProperties && playDuration(fileProperties.content),
    tracks: numberTracks(streams.map(({ content }) => parseStream(content)).filter((draft) => draft !== undefined)),
    keyIndex: undefined,
    isFastStart: undefined,
  };
}

interface HeaderObject {
  readonly guid: string;
  readonly content: Uint8Array;
}

/** §3.1: GUID, size, number of objects, two reserved bytes. */
const HEADER_LENGTH_BYTES = 30;
/** §2.1: GUID and size of every object. */
const OBJECT_HEADER_LENGTH_BYTES = 24;
/** The properties read here take some hundred bytes. */
const OBJECT_LIMIT_BYTES = 64 * 1024;
/** Objects stepped over: a real header has about ten. */
const OBJECTS_LIMIT = 500;

async function readHeaderObjects(reader: MediaReader): Promise<HeaderObject[]> {
  const header = new ByteCursor(await reader.bytes(0, HEADER_LENGTH_BYTES), "ASF header", "little");
  const end = Math.min(header.skip(16).u64(), reader.sizeBytes);
  const objects: HeaderObject[] = [];
  let offset = HEADER_LENGTH_BYTES;
  for (let count = 0; count < OBJECTS_LIMIT && offset + OBJECT_HEADER_LENGTH_BYTES <= end; count += 1) {
    const object = new ByteCursor(await reader.bytes(offset, OBJECT_HEADER_LENGTH_BYTES), "ASF object", "little");
    const guid = hexOf(object.bytes(16));
    const lengthBytes = object.u64();
    if (lengthBytes < OBJECT_HEADER_LENGTH_BYTES) break;
    if (guid === AsfGuid.fileProperties || guid === AsfGuid.streamProperties) {
      if (lengthBytes > OBJECT_LIMIT_BYTES) throw damagedMedia("a part of its ASF header is too large");
      const whole = await reader.bytes(offset, lengthBytes);
      objects.push({ guid, content: whole.subarray(OBJECT_HEADER_LENGTH_BYTES) });
    }
    offset += lengthBytes;
  }
  return objects;
}

const BROADCAST_FLAG = 0x01;

/** §3.2: play duration in units of 100 ns, which counts the preroll in; meaningless while broadcasting. */
function playDuration(content: Uint8Array): number | undefined {
  const cursor = new ByteCursor(content, "ASF file properties", "little").skip(40);
  const playTicks = cursor.u64();
  const prerollMs = cursor.skip(8).u64();
  const flags = cursor.u32();
  return (flags & BROADCAST_FLAG) === 0 ? playTicks / 1e7 - prerollMs / 1e3 : undefined;
}

/** §3.3: what a stream is, and its format as the Microsoft world writes it. */
function parseStream(content: Uint8Array): TrackDraft | undefined {
  const cursor = new ByteCursor(content, "ASF stream properties", "little");
  const type = hexOf(cursor.bytes(16));
  const formatLengthBytes = cursor.skip(24).u32();
  const format = cursor.skip(10).bytes(formatLengthBytes);
  if (type === AsfGuid.audioMedia) return audioTrack(waveFormat(format));
  // §9.2: width, height, a reserved byte and the size of the BITMAPINFOHEADER.
  if (type === AsfGuid.videoMedia) return videoTrack(bitmapFormat(format.subarray(11)));
  return undefined;
}

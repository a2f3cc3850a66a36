import { ByteCursor } from "../byte-cursor.ts";
import { bitmapFormat, videoCodecOfFourcc, waveFormat } from "../codecs/microsoft.ts";
import { audioTrack, subtitleTrack, type TrackDraft, videoTrack } from "../track-list.ts";
import { fourccTag, TITLE_LIMIT_CHARACTERS, untrustedText } from "../untrusted-text.ts";
import { type Chunk, chunksOf } from "./riff.ts";

/** What a stream list (`strl`) says. */
export interface AviStream {
  /** Undefined for what is neither seen, heard nor read. */
  readonly draft: TrackDraft | undefined;
  /** A second has `rate / scale` units. Either may be 0. */
  readonly scale: number;
  readonly rate: number;
  /** When it begins, and how long it is, in units. */
  readonly startUnits: number;
  readonly lengthUnits: number;
  /** Bytes of a unit; 0: a chunk, or a block of it, is one. */
  readonly sampleSizeBytes: number;
  /** `strf`: a BITMAPINFOHEADER or a WAVEFORMATEX. */
  readonly format: Uint8Array;
  /** The content of `indx`, where there is one (OpenDML AVI File Format Extensions 1.02, §3). */
  readonly index: Uint8Array | undefined;
}

/**
 * Parses the content of a stream list: `strh` (what and how long), `strf` (its format), perhaps `strn` (its name) and `indx`.
 * Throws `damaged_media` if one of the first two is cut off.
 */
export function parseStream(list: Chunk): AviStream {
  const chunks = new Map([...chunksOf(list.content)].map((chunk) => [chunk.id, chunk.content]));
  const cursor = new ByteCursor(chunks.get("strh") ?? new Uint8Array(0), "AVI stream header", "little");
  const type = cursor.fourCharacters();
  const handler = cursor.fourCharacters();
  const scale = cursor.skip(12).u32();
  const rate = cursor.u32();
  const startUnits = cursor.u32();
  const lengthUnits = cursor.u32();
  // Headers of old writers end here.
  const sampleSizeBytes = cursor.remaining < 12 ? 0 : cursor.skip(8).u32();
  const name = chunks.get("strn");
  const title = (name && untrustedText(name, TITLE_LIMIT_CHARACTERS)) || undefined;
  const format = chunks.get("strf") ?? new Uint8Array(0);
  const draft = draftOf(type, { handler, format, title, framesPerSecond: rate / scale });
  return { draft, scale, rate, startUnits, lengthUnits, sampleSizeBytes, format, index: chunks.get("indx") };
}

function draftOf(
  type: string,
  stream: { handler: string; format: Uint8Array; title: string | undefined; framesPerSecond: number },
): TrackDraft | undefined {
  const { handler, format, title, framesPerSecond } = stream;
  switch (type) {
    case "vids": {
      const picture = bitmapFormat(format);
      // Some writers name the codec in the stream header only.
      const codec = picture.codec === "unknown" ? videoCodecOfFourcc(handler) : picture.codec;
      return videoTrack({ ...picture, codec, title, framesPerSecond });
    }
    case "auds":
      return audioTrack({ ...waveFormat(format), title });
    case "txts":
      return subtitleTrack({ codec: "unknown", codecTag: fourccTag(handler), title });
    default:
      return undefined;
  }
}

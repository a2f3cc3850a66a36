import { TranscodeError } from "@riptide/core";
import { ADTS_HEADER_BYTES, type AdtsHeader, adtsHeaderAt } from "../codecs/adts.ts";
import { concatenate } from "../reader.ts";

const NOTHING = new Uint8Array(0);

/** Takes the access units out of ADTS (ISO/IEC 14496-3 §1.A.3.2) as its bytes come, in pieces of any length. */
export class AdtsReader {
  /** The start of a frame: less than 8 KiB. */
  #rest: Uint8Array = NOTHING;

  /**
   * The access units that these bytes complete, without headers. They share memory with `bytes`.
   * Throws `TranscodeError` `ffmpeg_failed` if what comes is not ADTS, or has several units in a frame.
   */
  push(bytes: Uint8Array): Uint8Array[] {
    const data = this.#rest.length === 0 ? bytes : concatenate([this.#rest, bytes]);
    const units: Uint8Array[] = [];
    let position = 0;
    while (data.length - position >= ADTS_HEADER_BYTES) {
      const { headerLengthBytes, frameLengthBytes } = frameHeaderAt(data, position);
      if (data.length - position < frameLengthBytes) break;
      units.push(data.subarray(position + headerLengthBytes, position + frameLengthBytes));
      position += frameLengthBytes;
    }
    // A copy, so that the rest does not keep the whole chunk.
    this.#rest = data.slice(position);
    return units;
  }
}

function frameHeaderAt(bytes: Uint8Array, position: number): AdtsHeader {
  const header = adtsHeaderAt(bytes, position);
  if (header !== undefined) return header;
  const cause = new Error("lost the syncword of ADTS");
  throw new TranscodeError("ffmpeg_failed", "ffmpeg could not convert the sound of this file.", { cause });
}

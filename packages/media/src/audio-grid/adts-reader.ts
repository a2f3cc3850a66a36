import { TranscodeError } from "@riptide/core";
import { concatenate } from "../reader.ts";

/** ISO/IEC 14496-3 §1.A.3.2: `aac_frame_length` has 13 bits and counts the header, so that no more is ever kept. */
const HEADER_LENGTH_BYTES = 7;
const HEADER_WITH_CRC_LENGTH_BYTES = 9;

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
    while (data.length - position >= HEADER_LENGTH_BYTES) {
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

function frameHeaderAt(bytes: Uint8Array, position: number) {
  const [sync = 0, flags = 0, , third = 0, fourth = 0, fifth = 0, last = 0] = bytes.subarray(position);
  // syncword 12, ID 1, layer 2, protection_absent 1.
  const isAdts = sync === 0xff && (flags & 0xf6) === 0xf0;
  const headerLengthBytes = (flags & 1) === 1 ? HEADER_LENGTH_BYTES : HEADER_WITH_CRC_LENGTH_BYTES;
  const frameLengthBytes = ((third & 3) << 11) | (fourth << 3) | (fifth >> 5);
  // number_of_raw_data_blocks_in_frame: one less than there are.
  const isOneUnit = (last & 3) === 0;
  if (isAdts && isOneUnit && frameLengthBytes >= headerLengthBytes) return { headerLengthBytes, frameLengthBytes };
  const cause = new Error("lost the syncword of ADTS");
  throw new TranscodeError("ffmpeg_failed", "ffmpeg could not convert the sound of this file.", { cause });
}

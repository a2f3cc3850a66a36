import { aacConfigurationOf, aacParameters } from "./aac.ts";

/** The header of an ADTS frame (ISO/IEC 14496-3 §1.A.3.2). */
export interface AdtsHeader {
  readonly headerLengthBytes: number;
  /** With the header: `aac_frame_length` has 13 bits. */
  readonly frameLengthBytes: number;
  readonly objectType: number;
  /** Undefined for a rate that has no number. */
  readonly sampleRateHz: number | undefined;
  /** Undefined where the frames themselves tell. */
  readonly channels: number | undefined;
}

/** Shortest header, without a checksum. */
export const ADTS_HEADER_BYTES = 7;
const HEADER_WITH_CRC_BYTES = 9;

/** The header at a position; undefined if there is none, or one of several access units in one frame. */
export function adtsHeaderAt(bytes: Uint8Array, position: number): AdtsHeader | undefined {
  if (bytes.length - position < ADTS_HEADER_BYTES) return undefined;
  const [sync = 0, flags = 0, second = 0, third = 0, fourth = 0, fifth = 0, last = 0] = bytes.subarray(
    position,
    position + ADTS_HEADER_BYTES,
  );
  // syncword 12, ID 1, layer 2, protection_absent 1.
  const isAdts = sync === 0xff && (flags & 0xf6) === 0xf0;
  // number_of_raw_data_blocks_in_frame: one less than there are.
  const isOneUnit = (last & 3) === 0;
  const headerLengthBytes = (flags & 1) === 1 ? ADTS_HEADER_BYTES : HEADER_WITH_CRC_BYTES;
  const frameLengthBytes = ((third & 3) << 11) | (fourth << 3) | (fifth >> 5);
  if (!isAdts || !isOneUnit || frameLengthBytes < headerLengthBytes) return undefined;
  // profile 2, sampling_frequency_index 4, private_bit 1, channel_configuration 3: an AudioSpecificConfig in another order.
  const objectType = (second >> 6) + 1;
  const rateIndex = (second >> 2) & 0xf;
  const channelConfiguration = ((second & 1) << 2) | (third >> 6);
  const config = Uint8Array.of(
    (objectType << 3) | (rateIndex >> 1),
    ((rateIndex & 1) << 7) | (channelConfiguration << 3),
  );
  // Index 15 would announce a rate that is not there.
  const parameters = rateIndex === 15 ? undefined : aacParameters(config);
  const { sampleRateHz, channels } = parameters ?? {};
  return { headerLengthBytes, frameLengthBytes, objectType, sampleRateHz, channels };
}

/** The AudioSpecificConfig of such frames; undefined where they do not tell all of it. */
export function adtsConfiguration({ objectType, sampleRateHz, channels }: AdtsHeader): Uint8Array | undefined {
  return aacConfigurationOf({ objectType, codedRateHz: sampleRateHz, extensionRateHz: undefined, channels });
}

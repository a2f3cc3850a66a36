import { adtsConfiguration, adtsHeaderAt } from "../codecs/adts.ts";
import { dolbyFrameSound } from "../codecs/dolby.ts";
import { DOLBY_BLOCK_SAMPLES, type DolbyFrame, dolbyFrames } from "../codecs/dolby-frames.ts";
import { dtsFrameAt } from "../codecs/dts.ts";
import { mpegAudioHeaderAt } from "../codecs/mpeg-audio.ts";
import type { AudioCodec } from "../media-info.ts";

/** A frame of sound in an elementary stream. */
export interface SoundFrame {
  /** With what is left out at its start. */
  readonly lengthBytes: number;
  /** Bytes at the start that only a stream needs, and no packet. */
  readonly skippedBytes: number;
  readonly samples: number;
  readonly sampleRateHz: number;
  readonly channels: number | undefined;
  /** The AudioSpecificConfig of AAC, where its headers tell all of it. */
  readonly configuration?: Uint8Array | undefined;
  /** What it is, where the stream is not told from others by its type. */
  readonly codec?: AudioCodec;
}

/** The frame that starts at a position, of which more may follow than is there; undefined if none does. */
export type SoundFrameParser = (stream: Uint8Array, position: number) => SoundFrame | undefined;

/** Codecs whose frames tell where they end. Of the others, a PES packet is taken for one frame. */
export function soundFrameParser(codec: AudioCodec, streamType: number): SoundFrameParser | undefined {
  // LATM (ISO/IEC 14496-3 §1.7) is framed in another way.
  if (codec === "aac") return streamType === LATM_STREAM_TYPE ? undefined : adtsFrame;
  return PARSERS[codec];
}

/** ISO/IEC 13818-1 table 2-34. */
const LATM_STREAM_TYPE = 0x11;

/** ISO/IEC 14496-3 §4.5.2.1.1: of AAC in ADTS, which has no other. */
const AAC_FRAME_SAMPLES = 1024;

const adtsFrame: SoundFrameParser = (stream, position) => {
  const header = adtsHeaderAt(stream, position);
  if (header?.sampleRateHz === undefined) return undefined;
  const { frameLengthBytes, headerLengthBytes, sampleRateHz, channels } = header;
  return {
    lengthBytes: frameLengthBytes,
    skippedBytes: headerLengthBytes,
    samples: AAC_FRAME_SAMPLES,
    sampleRateHz,
    channels,
    configuration: adtsConfiguration(header),
  };
};

const mpegFrame: SoundFrameParser = (stream, position) => {
  const header = mpegAudioHeaderAt(stream, position);
  return header && { ...header, skippedBytes: 0, codec: header.layer === 3 ? "mp3" : "mp2" };
};

const dtsFrame: SoundFrameParser = (stream, position) => {
  const frame = dtsFrameAt(stream, position);
  return frame && { ...frame, skippedBytes: 0 };
};

/** The first independent substream, and all that sounds at the same time: up to the next frame of the first one. */
const dolbyFrame: SoundFrameParser = (stream, position) => {
  let first: DolbyFrame | undefined;
  let lengthBytes = 0;
  for (const frame of dolbyFrames(stream.subarray(position))) {
    const isFirst = !frame.isDependent && frame.substreamId === 0;
    if (isFirst === (first !== undefined)) break;
    first ??= frame;
    lengthBytes += frame.lengthBytes;
  }
  if (first === undefined) return undefined;
  const { blocks, sampleRateHz } = first;
  return {
    lengthBytes,
    skippedBytes: 0,
    samples: blocks * DOLBY_BLOCK_SAMPLES,
    sampleRateHz,
    channels: dolbyFrameSound(first).channels,
  };
};

const PARSERS: Partial<Record<AudioCodec, SoundFrameParser>> = {
  mp2: mpegFrame,
  mp3: mpegFrame,
  ac3: dolbyFrame,
  eac3: dolbyFrame,
  dts: dtsFrame,
};

import { ByteCursor } from "../byte-cursor.ts";
import { aacParameters } from "../codecs/aac.ts";
import { type DolbyFrame, dolbyFrames } from "../codecs/dolby-frames.ts";
import { flacParameters, flacStreamInfo } from "../codecs/flac.ts";
import { isMpeg1Rate } from "../codecs/mpeg-audio.ts";
import { damagedMedia } from "../damaged.ts";
import type { AudioCodec } from "../media-info.ts";
import { box, fullBox, u8, u16, u32, zeros } from "./boxes.ts";
import { enhancedSpecificBytes } from "./dolby-boxes.ts";
import type { MuxCodec, MuxCodecs } from "./mux-codec.ts";
import type { MuxTrack } from "./mux-track.ts";

const never = () => false;

const aac: MuxCodec = {
  accepts: ({ configuration }) =>
    configuration.length <= DECODER_INFO_LIMIT_BYTES && aacParameters(configuration) !== undefined,
  needsFirstPacket: never,
  entryType: "mp4a",
  configurationBox: ({ coded }) => streamDescriptor(AAC_OBJECT_TYPE, coded.configuration),
  codecString: ({ coded }) => aacParameters(coded.configuration)?.codecString,
};

const mp3: MuxCodec = {
  accepts: () => true,
  needsFirstPacket: never,
  entryType: "mp4a",
  configurationBox: (track) => streamDescriptor(mp3ObjectType(track), zeros(0)),
  // Chromium knows `mp4a.6B` in this case only.
  codecString: (track) => `mp4a.${mp3ObjectType(track).toString(16).toUpperCase()}`,
};

const ac3: MuxCodec = {
  accepts: () => true,
  needsFirstPacket: () => true,
  entryType: "ac-3",
  configurationBox: (track) => box("dac3", ac3SpecificBytes(framesIn(track))),
  codecString: () => "ac-3",
};

const eac3: MuxCodec = {
  accepts: () => true,
  needsFirstPacket: () => true,
  entryType: "ec-3",
  configurationBox: (track) => box("dec3", enhancedSpecificBytes(framesIn(track))),
  codecString: () => "ec-3",
};

const opus: MuxCodec = {
  accepts: ({ configuration }) => configuration.length >= OPUS_HEAD_BYTES,
  needsFirstPacket: never,
  entryType: "Opus",
  configurationBox: ({ coded }) => opusSpecificBox(coded.configuration),
  codecString: () => "opus",
};

const flac: MuxCodec = {
  accepts: ({ configuration }) => flacStreamInfo(configuration) !== undefined,
  needsFirstPacket: never,
  entryType: "fLaC",
  configurationBox: ({ coded }) => flacSpecificBox(coded.configuration),
  codecString: () => "flac",
  // Chromium refuses an entry whose samplesize is not that of STREAMINFO.
  bitsPerSample: ({ configuration }) => {
    const streamInfo = flacStreamInfo(configuration);
    return streamInfo && flacParameters(streamInfo)?.bitsPerSample;
  },
};

export const soundCodecs: MuxCodecs<AudioCodec> = { aac, mp3, ac3, eac3, opus, flac };

/** ISO/IEC 14496-1 table 5. */
const AAC_OBJECT_TYPE = 0x40;
const MPEG1_AUDIO_OBJECT_TYPE = 0x6b;
const MPEG2_AUDIO_OBJECT_TYPE = 0x69;

/** Descriptors are written with one length byte that counts 7 bits; AudioSpecificConfigs have some ten bytes. */
const DECODER_INFO_LIMIT_BYTES = 64;

const OPUS_HEAD_BYTES = 19;

function mp3ObjectType({ coded }: MuxTrack): number {
  const sampleRateHz = coded.track.kind === "audio" ? coded.track.sampleRateHz : undefined;
  return isMpeg1Rate(sampleRateHz ?? coded.timescale) ? MPEG1_AUDIO_OBJECT_TYPE : MPEG2_AUDIO_OBJECT_TYPE;
}

/** ES_Descriptor (ISO/IEC 14496-14 §5.6, ISO/IEC 14496-1 §7.2.6.5). */
function streamDescriptor(objectType: number, decoderInfo: Uint8Array): Uint8Array {
  const AUDIO_STREAM = 0x15;
  const bufferSizeAndBitRates = zeros(11);
  const info = decoderInfo.length === 0 ? zeros(0) : descriptor(5, decoderInfo);
  const decoder = descriptor(4, u8(objectType, AUDIO_STREAM), bufferSizeAndBitRates, info);
  // SLConfigDescriptor: predefined 2 is "for use in MP4".
  return fullBox("esds", 0, descriptor(3, u16(0), u8(0), decoder, descriptor(6, u8(2))));
}

function descriptor(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const lengthBytes = content.reduce((sum, part) => sum + part.length, 0);
  return Uint8Array.from([tag, lengthBytes, ...content.flatMap((part) => [...part])]);
}

function framesIn({ firstPacket }: MuxTrack): readonly [DolbyFrame, ...DolbyFrame[]] {
  const [first, ...others] = dolbyFrames(firstPacket ?? zeros(0));
  if (first === undefined) throw damagedMedia("its first packet of Dolby sound is none");
  return [first, ...others];
}

/** AC3SpecificBox (ETSI TS 102 366 §F.4). */
function ac3SpecificBytes([frame]: readonly [DolbyFrame, ...DolbyFrame[]]): Uint8Array {
  const { rateCode, bitStreamId, bitStreamMode, codingMode, hasLowFrequency, bitRateCode } = frame;
  const upper = (rateCode << 22) | (bitStreamId << 17) | (bitStreamMode << 14) | (codingMode << 11);
  return u32(upper | (Number(hasLowFrequency) << 10) | (bitRateCode << 5)).subarray(1);
}

/** OpusSpecificBox from an OpusHead (Encapsulation of Opus in ISOBMFF §4.3.2; RFC 7845 §5.1, which is little-endian). */
function opusSpecificBox(head: Uint8Array): Uint8Array {
  const cursor = new ByteCursor(head, "Opus header", "little").skip(9);
  const channels = cursor.u8();
  const preSkip = cursor.u16();
  const inputRateHz = cursor.u32();
  const gain = cursor.u16();
  const mapping = cursor.rest();
  const family = mapping[0] ?? 0;
  const mappingBytes = family === 0 ? 1 : 3 + channels;
  return box("dOps", u8(0, channels), u16(preSkip), u32(inputRateHz), u16(gain), mapping.subarray(0, mappingBytes));
}

/** FLACSpecificBox (Encapsulation of FLAC in ISOBMFF §3.3.2) of STREAMINFO alone, marked as the last block. */
function flacSpecificBox(metadata: Uint8Array): Uint8Array {
  const streamInfo = flacStreamInfo(metadata) ?? zeros(0);
  return fullBox("dfLa", 0, u32(0x80000000 | streamInfo.length), streamInfo);
}

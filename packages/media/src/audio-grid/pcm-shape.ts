import { MediaError } from "@riptide/core";
import type { CodedTrack, PcmFormat } from "../packet.ts";
import { pcmMeter } from "./frame-meters.ts";
import { COMMON, type FrameShape } from "./frame-shape.ts";

const CHANNELS_MAX = 64;
/** Where packets differ in length, the longest one may be this long: the first one tells nothing of the others. */
const LONGEST_PACKET_SECONDS = 0.1;

/**
 * Uncompressed sound: any packet stands for itself. Where packets differ in length they lie on no grid, and segments join as exactly
 * as the container tells times: to the sample in MP4, to a millisecond in Matroska. Throws `unsupported_media` for formats that its
 * decoder cannot be told.
 */
export function pcmShape({ track, timescale, pcm }: CodedTrack, firstFrame: Uint8Array): FrameShape {
  const channels = track.kind === "audio" ? (track.channels ?? 0) : 0;
  const envelope = pcm && envelopeFormat(pcm);
  if (pcm === undefined || envelope === undefined || channels < 1 || channels > CHANNELS_MAX) {
    throw new MediaError("unsupported_media", "The sound of this file is uncompressed in a way that is not known.");
  }
  const measure = pcmMeter((channels * pcm.bitsPerSample) / 8);
  const stepSamples = Math.max(1, measure(firstFrame) ?? 1);
  return {
    ...COMMON,
    ...envelope,
    codec: "pcm",
    warmupFrames: 0,
    frameSamples: Math.max(stepSamples, Math.ceil(LONGEST_PACKET_SECONDS * timescale)),
    stepSamples,
    measure,
    bitsPerSample: pcm.bitsPerSample,
  };
}

/** Matroska Codec Specifications, A_PCM: 8 bits are unsigned, more are signed, and floating point is little-endian. */
function envelopeFormat({ kind, byteOrder, bitsPerSample }: PcmFormat) {
  if (kind === "float" && (bitsPerSample === 32 || bitsPerSample === 64)) {
    const codecId = "A_PCM/FLOAT/IEEE";
    return byteOrder === "little" ? { codecId } : { codecId, toEnvelope: reversed(bitsPerSample / 8) };
  }
  if (bitsPerSample === 8) {
    const codecId = "A_PCM/INT/LIT";
    return kind === "unsigned" ? { codecId } : { codecId, toEnvelope: withOtherSign };
  }
  const isKnown = kind === "signed" && (bitsPerSample === 16 || bitsPerSample === 24 || bitsPerSample === 32);
  return isKnown ? { codecId: byteOrder === "little" ? "A_PCM/INT/LIT" : "A_PCM/INT/BIG" } : undefined;
}

/** From two's complement to an offset of 128. */
function withOtherSign(frame: Uint8Array): Uint8Array {
  return frame.map((value) => value ^ 0x80);
}

function reversed(valueBytes: number): (frame: Uint8Array) => Uint8Array {
  return (frame) => {
    const turned = frame.slice();
    for (let at = 0; at + valueBytes <= turned.length; at += valueBytes) turned.subarray(at, at + valueBytes).reverse();
    return turned;
  };
}

import type { CodedTrack } from "../packet.ts";
import { muxCodecOf } from "./mux-codec.ts";

/** A track of the output. */
export interface MuxTrack {
  /** track_ID, from 1. */
  readonly id: number;
  readonly coded: CodedTrack;
  /** Its first packet, where `needsFirstPacket` asks for it: of a picture track a keyframe. Welcome for VP9 and VP8 in any case. */
  readonly firstPacket?: Uint8Array | undefined;
}

/** Whether there is a sample entry for this track, and its configuration is one that a decoder could take. */
export function isMuxable(track: CodedTrack): boolean {
  return track.timescale >= 1 && (muxCodecOf(track)?.accepts(track) ?? false);
}

/** Whether the init segment of this track cannot be written before one of its packets has been seen. */
export function needsFirstPacket(track: CodedTrack): boolean {
  return muxCodecOf(track)?.needsFirstPacket(track) ?? false;
}

/**
 * RFC 6381 codec string of the track as the init segment realises it; undefined where it is not muxable. Throws
 * `damaged_media` if its configuration or first packet cannot be read.
 */
export function codecStringOf(track: MuxTrack): string | undefined {
  return isMuxable(track.coded) ? muxCodecOf(track.coded)?.codecString(track) : undefined;
}

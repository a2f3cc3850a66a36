import type { AudioCodec, VideoCodec } from "../media-info.ts";
import type { CodedTrack } from "../packet.ts";
import type { MuxTrack } from "./mux-track.ts";
import { pictureCodecs } from "./picture-codecs.ts";
import { soundCodecs } from "./sound-codecs.ts";

/** How a codec is stored in MP4. Configurations are looked at by `accepts` first. */
export interface MuxCodec {
  readonly accepts: (coded: CodedTrack) => boolean;
  readonly needsFirstPacket: (coded: CodedTrack) => boolean;
  /** The type of its sample entry, ISO/IEC 14496-12 §8.5.2. */
  readonly entryType: string;
  /** The box in its sample entry that configures the decoder. Throws `damaged_media`. */
  readonly configurationBox: (track: MuxTrack) => Uint8Array;
  readonly codecString: (track: MuxTrack) => string | undefined;
  /** `samplesize` of a sound, 16 where a codec has no such thing. */
  readonly bitsPerSample?: (coded: CodedTrack) => number | undefined;
}

export type MuxCodecs<Codec extends VideoCodec | AudioCodec> = Readonly<Partial<Record<Codec, MuxCodec>>>;

/** Undefined for what MP4 cannot hold, or no browser would take from it. */
export function muxCodecOf({ track }: CodedTrack): MuxCodec | undefined {
  if (track.kind === "video") return pictureCodecs[track.codec];
  return track.kind === "audio" ? soundCodecs[track.codec] : undefined;
}

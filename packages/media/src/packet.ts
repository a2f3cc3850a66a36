import type { Track } from "./media-info.ts";

/**
 * A track as those who pass packets on need it: what it is, how its times count, and the words that its decoder wants to hear
 * first.
 */
export interface CodedTrack {
  /** What the container calls it: Matroska's TrackNumber, MP4's track_ID. Unique in the file. */
  readonly number: number;
  readonly track: Track;
  /** Ticks per second of the times of its packets: the sample rate of a sound, 90 000 for everything else in Matroska. */
  readonly timescale: number;
  /**
   * The decoder configuration in the form that ISO base media files hold it in: the record of an avcC, hvcC or av1C box, an
   * AudioSpecificConfig, an OpusHead, FLAC metadata blocks (STREAMINFO first). Empty where the codec has none, or where only
   * its packets tell it (VP9, AC-3, MP3). Text tracks keep what the container holds (the header of an ASS script).
   */
  readonly configuration: Uint8Array;
  /**
   * What containers of Microsoft's say of the track in their own words, whatever `configuration` holds: of a picture a
   * BITMAPINFOHEADER (wingdi.h; 40 bytes), of a sound a WAVEFORMATEX (mmeapi.h; 18 bytes, or 16 where nothing follows), each
   * with all that the codec adds behind it. Just so does Matroska store it as the CodecPrivate of V_MS/VFW/FOURCC and of
   * A_MS/ACM (RFC 9559 §5.1.4.1.21; codec mappings). Undefined where the container has other words.
   */
  readonly microsoftFormat?: Uint8Array;
  /** How long a packet plays where all are alike: a frame of sound, the DefaultDuration of a picture. In ticks. */
  readonly packetTicks: number | undefined;
  /** How the values of uncompressed sound lie; undefined if the file does not say, and for all other codecs. */
  readonly pcm?: PcmFormat | undefined;
  /** How many bytes a packet has at most beyond those that lie in the file; Infinity for compressed ones. Default 0. */
  readonly growthBytes?: number;
}

export interface PcmFormat {
  readonly kind: "signed" | "unsigned" | "float";
  readonly byteOrder: "little" | "big";
  readonly bitsPerSample: number;
}

/** One coded frame on its way from a demuxer to a muxer: a picture, a frame of sound, a line of text. */
export interface Packet {
  /** `CodedTrack.number`. */
  readonly trackNumber: number;
  /** When it is shown, in ticks of its track. Never NaN; negative only by what a codec discards at the start. */
  readonly ptsTicks: number;
  /** When it is decoded; undefined in containers that do not say (Matroska), where packets come in decoding order. */
  readonly dtsTicks: number | undefined;
  /** How long it is shown; undefined if the container does not say. */
  readonly durationTicks: number | undefined;
  /** Whether decoding can start here. True for every packet of sound and text. */
  readonly isKeyframe: boolean;
  /** May share memory with its neighbours, and with what its stream gave (`ByteStream.next`). Nobody writes to it. */
  readonly data: Uint8Array;
}

import { DOLBY_BLOCK_SAMPLES, dolbyFrames } from "../codecs/dolby-frames.ts";
import { dtsFrameAt } from "../codecs/dts.ts";
import { mpegAudioHeaderAt } from "../codecs/mpeg-audio.ts";
import type { AudioCodec, Track } from "../media-info.ts";

/** A frame of sound in a stream of bytes. */
export interface SoundFrame {
  readonly lengthBytes: number;
  readonly samples: number;
  readonly sampleRateHz: number;
}

/** How a stream of bytes falls into frames, whatever the chunks are that it comes in. */
export interface SoundFraming {
  /** The frame at a place, by its first `headBytes` bytes; undefined if none can begin there. */
  frameAt(stream: Uint8Array, place: number): SoundFrame | undefined;
  readonly headBytes: number;
  /** Bytes behind a frame that must be seen before it is known where it ends. */
  readonly lookAheadBytes: number;
  /** No frame is longer. */
  readonly limitBytes: number;
  /** What each frame begins with; undefined: frames are of one length and side by side from the start of the stream. */
  readonly syncByte: number | undefined;
}

/** Undefined for sounds of which a chunk is what its writer meant to be decoded as one. */
export function soundFramingOf(track: Track, blockBytes: number, countsBytes: boolean): SoundFraming | undefined {
  if (track.kind !== "audio") return undefined;
  if (track.codec === "pcm") return countsBytes ? plainFraming(track.sampleRateHz ?? 0, blockBytes) : undefined;
  return MARKED[track.codec];
}

/** As many as ffmpeg takes for a packet: a fiftieth of a second at 48 kHz. */
const PLAIN_FRAME_SAMPLES = 1024;

/** Chunks of half a second are common: whoever enters the film in the middle of one shall hear it. */
function plainFraming(sampleRateHz: number, blockBytes: number): SoundFraming | undefined {
  if (blockBytes === 0) return undefined;
  const lengthBytes = PLAIN_FRAME_SAMPLES * blockBytes;
  const frame = { lengthBytes, samples: PLAIN_FRAME_SAMPLES, sampleRateHz };
  return { frameAt: () => frame, headBytes: 0, lookAheadBytes: 0, limitBytes: lengthBytes, syncByte: undefined };
}

const mpeg: SoundFraming = {
  frameAt: mpegAudioHeaderAt,
  headBytes: 4,
  lookAheadBytes: 0,
  // 384 kb/s at 32 kHz in layer II.
  limitBytes: 1729,
  syncByte: 0xff,
};

const MARKED: Partial<Record<AudioCodec, SoundFraming>> = {
  mp2: mpeg,
  mp3: mpeg,
  ac3: {
    frameAt: dolbyFrameAt,
    headBytes: 8,
    lookAheadBytes: 0,
    // ETSI TS 102 366 table 4.13: 640 kb/s at 32 kHz.
    limitBytes: 3840,
    syncByte: 0x0b,
  },
  dts: {
    frameAt: dtsFrameAt,
    headBytes: 16,
    // What extends a frame says so in a header of its own, which stands behind it.
    lookAheadBytes: 16,
    limitBytes: 64 * 1024,
    syncByte: 0x7f,
  },
};

function dolbyFrameAt(stream: Uint8Array, place: number): SoundFrame | undefined {
  const [frame] = dolbyFrames(stream.subarray(place));
  return (
    frame && {
      lengthBytes: frame.lengthBytes,
      samples: frame.blocks * DOLBY_BLOCK_SAMPLES,
      sampleRateHz: frame.sampleRateHz,
    }
  );
}

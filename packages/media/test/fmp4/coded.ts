import type { AudioCodec, CodedTrack, Packet, VideoCodec } from "../../src/index.ts";
import { fromHex } from "../support/build.ts";

const COMMON = {
  index: 0,
  codecTag: "",
  language: undefined,
  title: undefined,
  isDefault: true,
  codecString: undefined,
};

interface CodedOptions {
  readonly number?: number;
  readonly configuration?: Uint8Array;
  readonly timescale?: number;
  readonly packetTicks?: number | undefined;
}

/** A picture track of 320×180 at 25 a second, if nothing else is said. */
export function pictureTrack(
  codec: VideoCodec,
  options: CodedOptions & { codecString?: string; sizes?: [number, number] } = {},
) {
  const [widthPixels, heightPixels] = options.sizes ?? [320, 180];
  const { codecString } = options;
  const track = {
    ...COMMON,
    kind: "video",
    codec,
    codecString,
    widthPixels,
    heightPixels,
    framesPerSecond: 25,
  } as const;
  const coded = { number: 1, configuration: new Uint8Array(0), timescale: 90_000, packetTicks: 3600, ...options };
  return { ...coded, track } satisfies CodedTrack;
}

/** A stereo track at 48 kHz, if nothing else is said. */
export function soundTrack(
  codec: AudioCodec,
  options: CodedOptions & { sampleRateHz?: number; language?: string } = {},
) {
  const { sampleRateHz = 48_000, language } = options;
  const track = { ...COMMON, kind: "audio", codec, language, channels: 2, sampleRateHz } as const;
  const coded = { number: 2, configuration: new Uint8Array(0), timescale: sampleRateHz, packetTicks: undefined };
  return { ...coded, ...options, track } satisfies CodedTrack;
}

/** x264, High, pyramid: two pictures may be reordered. */
export const AVC_RECORD = fromHex(
  "0164000cffe100186764000cacd941419f9f011000003e90000bb800f142996001000668eae3cb22c0fdf8f800",
);

/** AAC-LC, 48 kHz, stereo. */
export const AAC_CONFIGURATION = fromHex("1190");

/** A packet whose data says which it is, `sizeBytes` long. */
export function packet(
  trackNumber: number,
  ptsTicks: number,
  options: Partial<Packet> & { sizeBytes?: number } = {},
): Packet {
  const { sizeBytes = 16, ...others } = options;
  const data = new Uint8Array(sizeBytes).fill(Math.abs(ptsTicks) & 0xff);
  return { trackNumber, ptsTicks, dtsTicks: undefined, durationTicks: undefined, isKeyframe: true, data, ...others };
}

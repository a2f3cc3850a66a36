import type { PictureShape } from "./remux-plan.ts";

/** Encoders of hardware by ffmpeg's names, in the order in which they are tried: the more particular one first. */
export const HARDWARE_ENCODERS = ["h264_nvenc", "h264_videotoolbox", "h264_qsv", "h264_vaapi"] as const;

export type HardwareEncoder = (typeof HARDWARE_ENCODERS)[number];

/** Those, and the one that works everywhere. */
export type H264Encoder = HardwareEncoder | "libx264";

/** How a picture is encoded. */
export interface H264Encoding {
  readonly encoder: H264Encoder;
  /** Of libx264: from small to quick. */
  readonly preset: X264Preset;
  /** Lines of the output at most; undefined: as many as the source has. */
  readonly maxHeightPixels: number | undefined;
  readonly maxBitsPerSecond: number;
  /** Threads of the encoder, and as many of the decoder. */
  readonly threads: number;
}

type X264Preset = "veryfast" | "superfast" | "ultrafast";

/**
 * The best encoding that keeps up with the film, so that it plays on without stopping: a slower preset looks better at the same
 * bit rate, and where none is quick enough, the picture is made smaller. What is still too much is encoded as cheaply as can be.
 */
export function h264Encoding(shape: PictureShape, { encoder, cores }: Host): H264Encoding {
  const source = sourceOf(shape);
  const fits = (candidate: Candidate): boolean => coresFor(source, candidate, encoder) <= cores * CORE_SHARE;
  const { preset, heightPixels } = candidatesFor(source, encoder).find(fits) ?? cheapestOf(source);
  const maxHeightPixels = heightPixels < source.heightPixels ? heightPixels : undefined;
  return { encoder, preset, maxHeightPixels, maxBitsPerSecond: bitRateOf(heightPixels), threads: threadsOf(cores) };
}

export interface Host {
  readonly encoder: H264Encoder;
  readonly cores: number;
}

/** A browser that lacks the codec of a larger picture is seldom shown on a larger screen. */
const HEIGHT_MAX_PIXELS = 1080;
/** Below the source: sizes that pictures are made smaller to. */
const HEIGHTS_PIXELS = [1080, 720, 540, 480];
const HEIGHT_MIN_PIXELS = 480;
/** Of the cores, for a film that plays: the rest is for its start, for other films, and for the swarm. */
const CORE_SHARE = 0.6;
/** Above it, threads of one film would only wait for each other, and for those of other films. */
const THREADS_MAX = 4;

/**
 * Core-seconds for a megapixel, by `npm run bench -- transcode` and `ffmpeg -benchmark` on a machine of two slow virtual cores: film
 * with grain, 720p. HEVC is the dearest codec to decode; the others that are dear (VP9, AV1, H.264 of 10 bits) take less.
 */
const DECODING = { cheap: 0.002, dear: 0.0075 } as const;
const SCALING = 0.001;
const ENCODING: Readonly<Record<X264Preset, number>> = { veryfast: 0.0215, superfast: 0.015, ultrafast: 0.008 };
/** Of hardware: what the copying of pictures takes. */
const UPLOADING = 0.002;

const PRESETS: readonly X264Preset[] = ["veryfast", "superfast", "ultrafast"];

interface Candidate {
  readonly preset: X264Preset;
  readonly heightPixels: number;
}

/** From the best looking one down. */
function candidatesFor({ heightPixels }: Source, encoder: H264Encoder): Candidate[] {
  const smaller = HEIGHTS_PIXELS.filter((height) => height < heightPixels);
  const heights = heightPixels > HEIGHT_MAX_PIXELS ? smaller : [heightPixels, ...smaller];
  const presets = encoder === "libx264" ? PRESETS : PRESETS.slice(0, 1);
  return heights.flatMap((height) => presets.map((preset) => ({ preset, heightPixels: height })));
}

function cheapestOf({ heightPixels }: Source): Candidate {
  return { preset: "ultrafast", heightPixels: Math.min(heightPixels, HEIGHT_MIN_PIXELS) };
}

interface Source {
  readonly heightPixels: number;
  readonly megapixelsPerSecond: number;
  readonly isDearToDecode: boolean;
}

function sourceOf({ widthPixels, heightPixels, framesPerSecond, isDearToDecode }: PictureShape): Source {
  const [width, height] = widthPixels && heightPixels ? [widthPixels, heightPixels] : [1920, 1080];
  const rate = Math.min(framesPerSecond ?? USUAL_RATE, RATE_MAX);
  return { heightPixels: height, megapixelsPerSecond: (width * height * rate) / 1e6, isDearToDecode };
}

/** What is taken for the rate of films that do not tell it, and for that of films that claim more than any screen shows. */
const USUAL_RATE = 30;
const RATE_MAX = 120;

function coresFor(
  { megapixelsPerSecond, heightPixels: sourceHeightPixels, isDearToDecode }: Source,
  { preset, heightPixels }: Candidate,
  encoder: H264Encoder,
): number {
  const share = (heightPixels / sourceHeightPixels) ** 2;
  const scaling = share < 1 ? SCALING : 0;
  const decoding = isDearToDecode ? DECODING.dear : DECODING.cheap;
  const encoding = encoder === "libx264" ? ENCODING[preset] : UPLOADING;
  return megapixelsPerSecond * (decoding + scaling + share * encoding);
}

function bitRateOf(heightPixels: number): number {
  const step = BIT_RATES.find(({ upToPixels }) => heightPixels <= upToPixels);
  return step?.bitsPerSecond ?? BIT_RATE_MAX;
}

/** What the presets need for film with grain at a quality that is not noticed; calm pictures take less by themselves. */
const BIT_RATES = [
  { upToPixels: 360, bitsPerSecond: 1_500_000 },
  { upToPixels: 480, bitsPerSecond: 2_500_000 },
  { upToPixels: 576, bitsPerSecond: 3_500_000 },
  { upToPixels: 720, bitsPerSecond: 6_000_000 },
];
const BIT_RATE_MAX = 10_000_000;

function threadsOf(cores: number): number {
  return Math.max(2, Math.min(THREADS_MAX, Math.floor(cores / 2)));
}

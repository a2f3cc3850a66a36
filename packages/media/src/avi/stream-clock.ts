import { ByteCursor } from "../byte-cursor.ts";
import type { AviStream } from "./streams.ts";

/** What counts, from 0, as the chunks of a stream go by: bytes of a sound of constant rate, else pictures, frames or blocks. */
export interface StreamClock {
  readonly countsBytes: boolean;
  readonly positionsPerSecond: number;
  /** How much a chunk counts. */
  advanceOf(sizeBytes: number): number;
  /** The time of a position in ticks of the track. */
  ticksAt(position: number): number;
  /** The same in seconds, not rounded. */
  secondsAt(position: number): number;
  /** The first whole position that is not earlier than a time. */
  firstPositionAt(timeSeconds: number): number;
}

/** Longer than any film waits for its sound. */
const START_LIMIT_SECONDS = 3600;
/** What is assumed where a file tells no rate at all. */
const FALLBACK_RATE = { scale: 1, rate: 25 };

/** Units a second. Sound that tells none, and pictures if not even the main header does, are taken for 25 a second. */
export function rateOf({ scale, rate, draft }: AviStream, framePeriodMicroseconds: number) {
  if (scale > 0 && rate > 0) return { scale, rate };
  const isPicture = draft?.kind === "video" && framePeriodMicroseconds > 0;
  return isPicture ? { scale: framePeriodMicroseconds, rate: 1_000_000 } : FALLBACK_RATE;
}

/** @param timescale ticks of the track in a second */
export function streamClock(stream: AviStream, framePeriodMicroseconds: number, timescale: number): StreamClock {
  const { scale, rate } = rateOf(stream, framePeriodMicroseconds);
  const layout = stream.draft?.kind === "audio" ? waveLayout(stream.format) : NO_LAYOUT;
  const unitBytes = stream.draft?.kind === "audio" ? unitBytesOf(stream, rate / scale, layout) : 0;
  const blockBytes = isBlock(layout, rate / scale) ? layout.blockBytes : undefined;
  const startSeconds = (stream.startUnits * scale) / rate;
  const startTicks = startSeconds > START_LIMIT_SECONDS ? 0 : Math.round(startSeconds * timescale);
  // Whole numbers, whose products are exact in films of any sensible length.
  const [numerator, denominator] = [scale * timescale, rate * Math.max(1, unitBytes)];
  return {
    countsBytes: unitBytes > 0,
    positionsPerSecond: denominator / scale,
    advanceOf: (sizeBytes) => {
      if (unitBytes > 0) return sizeBytes;
      // Long chunks of a sound of variable rate hold several blocks: so does Microsoft's splitter count them, and ffmpeg.
      return blockBytes === undefined ? 1 : Math.ceil(sizeBytes / blockBytes);
    },
    ticksAt: (position) =>
      Math.min(startTicks + Math.round((position * numerator) / denominator), Number.MAX_SAFE_INTEGER),
    secondsAt: (position) => (startTicks + (position * numerator) / denominator) / timescale,
    firstPositionAt: (timeSeconds) => {
      const position = ((timeSeconds * timescale - startTicks) * denominator) / numerator;
      return Math.max(0, Math.ceil(position - ROUNDING_POSITIONS));
    },
  };
}

/** What goes into a time comes out of it again but for this. */
const ROUNDING_POSITIONS = 1e-6;

/** What a WAVEFORMATEX says of the bytes of a sound: 0 for what it does not say. */
export interface WaveLayout {
  readonly bytesPerSecond: number;
  readonly blockBytes: number;
}

const NO_LAYOUT: WaveLayout = { bytesPerSecond: 0, blockBytes: 0 };
const LAYOUT_END_BYTES = 14;

/** nAvgBytesPerSec and nBlockAlign (Windows SDK, mmeapi.h). */
export function waveLayout(format: Uint8Array): WaveLayout {
  if (format.length < LAYOUT_END_BYTES) return NO_LAYOUT;
  const cursor = new ByteCursor(format, "audio format", "little").skip(8);
  return { bytesPerSecond: cursor.u32(), blockBytes: cursor.u16() };
}

/** Careless writers tell one size in the header of the stream and another in its format: that is right which gives the rate. */
function unitBytesOf({ draft, sampleSizeBytes }: AviStream, unitsPerSecond: number, layout: WaveLayout): number {
  const { bytesPerSecond, blockBytes } = layout;
  if (sampleSizeBytes === 0) return draft?.codec === "pcm" ? blockBytes : 0;
  const errorOf = (bytes: number): number => Math.abs(bytes * unitsPerSecond - bytesPerSecond);
  const isBlockBetter = blockBytes > 0 && errorOf(blockBytes) < errorOf(sampleSizeBytes);
  return isBlockBetter ? blockBytes : sampleSizeBytes;
}

/** Blocks of which far too few make up a second are none: the writer left out what the field is for. */
function isBlock({ bytesPerSecond, blockBytes }: WaveLayout, unitsPerSecond: number): boolean {
  return blockBytes > 0 && blockBytes * unitsPerSecond >= bytesPerSecond / 2;
}

import { readFfmpeg } from "./ffmpeg.ts";
import { FRAME_CODE_BITS, FRAME_CODE_HEIGHT_SHARE } from "./film-code.ts";
import { type MediaSource, withMediaFile } from "./media-source.ts";

export interface DecodedFrame {
  /** What the squares say, or undefined if this is no clean frame. */
  readonly number: number | undefined;
  /** When it is shown, counted from the start of the file or fragment. */
  readonly startSeconds: number;
}

export interface DecodeFramesOptions {
  /** Frames at most. Default: all. */
  readonly limit?: number;
  /** Times as the container has them, rather than counted from its first one. */
  readonly keepsTimes?: boolean;
}

/** Squares after the picture is made small: eight pixels wide and high. */
const SQUARE_PIXELS = 8;
const STRIP_WIDTH = FRAME_CODE_BITS * SQUARE_PIXELS;
const STRIP_HEIGHT = 2 * SQUARE_PIXELS;
/** Between a white and a black square; 255 but for what encoding does. */
const CONTRAST_MIN = 70;

/**
 * Decodes the picture of a film, or of any piece of one that ffmpeg can read, into frame numbers and times.
 * Rejects if ffmpeg cannot.
 */
export function decodeFrames(source: MediaSource, options: DecodeFramesOptions = {}): Promise<DecodedFrame[]> {
  return withMediaFile(source, async (path) => {
    const strip = `crop=iw:iw*${FRAME_CODE_HEIGHT_SHARE}:0:0,scale=${STRIP_WIDTH}:${STRIP_HEIGHT}:flags=area,format=gray`;
    const times = options.keepsTimes === true ? ["-copyts"] : [];
    const input = ["-i", path, "-filter_complex", `[0:v:0]${strip},split[pixels][times]`];
    const limit = options.limit === undefined ? [] : ["-frames:v", String(options.limit)];
    const asShown = ["-fps_mode", "passthrough", "-enc_time_base", "1:1000000", ...limit];
    const pixelOutput = ["-map", "[pixels]", ...asShown, "-f", "rawvideo", "pipe:1"];
    const timeOutput = ["-map", "[times]", ...asShown, "-f", "framecrc", "pipe:3"];
    const { stdout, third } = await readFfmpeg([...times, ...input, ...pixelOutput, ...timeOutput]);
    return frameTimes(third.toString()).map((startSeconds, index) => {
      const length = STRIP_WIDTH * STRIP_HEIGHT;
      return {
        number: readFrameNumber(stdout.subarray(index * length, (index + 1) * length), STRIP_WIDTH),
        startSeconds,
      };
    });
  });
}

/** Reads the frame's number from a gray picture, or from its top alone; undefined if it is no clean frame. */
export function readFrameNumber(gray: Uint8Array, widthPixels: number): number | undefined {
  const side = widthPixels / FRAME_CODE_BITS;
  let number = 0;
  for (let bit = 0; bit < FRAME_CODE_BITS; bit += 1) {
    const brightnessAt = (row: number): number =>
      gray[Math.floor((row + 0.5) * side) * widthPixels + Math.floor((bit + 0.5) * side)] ?? 0;
    const contrast = brightnessAt(0) - brightnessAt(1);
    if (Math.abs(contrast) < CONTRAST_MIN) return undefined;
    if (contrast > 0) number += 2 ** bit;
  }
  return number;
}

/** Lines of ffmpeg's framecrc: `stream, dts, pts, duration, size, checksum`. */
function frameTimes(framecrc: string): number[] {
  const [, numerator, denominator] = /^#tb 0: (\d+)\/(\d+)$/m.exec(framecrc) ?? [];
  const lines = framecrc.split("\n").filter((line) => line.startsWith("0,"));
  return lines.map((line) => (Number(line.split(",")[2]) * Number(numerator)) / Number(denominator));
}

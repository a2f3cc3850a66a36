import { readFfmpeg } from "./ffmpeg.ts";
import { highToneHz, lowToneHz, TONE_SPAN, TRACKS_MAX, trackToneHz } from "./film-code.ts";
import { type MediaSource, withMediaFile } from "./media-source.ts";
import { SAMPLE_RATE_HZ } from "./tones.ts";

export interface HeardSecond {
  /** Second of the film, and track, that sounds here. */
  readonly second: number;
  readonly track: number;
  /** How much louder its tones are than any other: below 20 it is no clean second. */
  readonly clearanceDecibels: number;
}

export interface DecodedSecond extends HeardSecond {
  /** When this second begins to sound, counted like the times of `decodeFrames`; within 5 ms. */
  readonly startSeconds: number;
}

export interface DecodeSecondsOptions {
  /** Which of the audio tracks of the source to decode. Default 0. */
  readonly audioIndex?: number;
  /** Which of its channels to listen to. Default 0. */
  readonly channel?: number;
  /** Times as the container has them, rather than counted from its first one. */
  readonly keepsTimes?: boolean;
}

const CLEARANCE_MIN_DECIBELS = 20;
/** A multiple of the tones' common period, so that they do not leak into each other; five fit into a second. */
const WINDOW_SAMPLES = (200 * SAMPLE_RATE_HZ) / 1000;
/** One period of the grid; also for edges. */
const PERIOD_SAMPLES = (40 * SAMPLE_RATE_HZ) / 1000;
const EDGE_STEP_SAMPLES = (5 * SAMPLE_RATE_HZ) / 1000;

/**
 * Decodes the sound of a film, or of any piece of one that ffmpeg can read, into the seconds that are heard, in the order
 * of their hearing. Rejects if ffmpeg cannot.
 */
export async function decodeSeconds(source: MediaSource, options: DecodeSecondsOptions = {}): Promise<DecodedSecond[]> {
  const samples = await decodeSamples(source, options);
  const found: DecodedSecond[] = [];
  let lastHeardAt = 0;
  for (let at = 0; at + WINDOW_SAMPLES <= samples.length; at += WINDOW_SAMPLES) {
    const heard = readSecondFromAudio(samples.subarray(at, at + WINDOW_SAMPLES));
    if (heard === undefined) continue;
    const before = found.at(-1)?.second;
    if (heard.second !== before) {
      found.push({ ...heard, startSeconds: findEdge(samples, lastHeardAt, at, before, heard.second) / SAMPLE_RATE_HZ });
    }
    lastHeardAt = at;
  }
  return found;
}

/** Tells which second of which track sounds, from 200 ms of 48 kHz or more; undefined if none sounds clearly. */
export function readSecondFromAudio(samples: Float32Array): HeardSecond | undefined {
  const window = folded(samples.subarray(0, WINDOW_SAMPLES));
  const low = loudestOf(window, TONE_SPAN, lowToneHz);
  const high = loudestOf(window, TONE_SPAN, highToneHz);
  const track = loudestOf(window, TRACKS_MAX, trackToneHz);
  const clearanceDecibels = Math.min(low.clearanceDecibels, high.clearanceDecibels, track.clearanceDecibels);
  // Silence has no clearance at all: not a number.
  if (!(clearanceDecibels >= CLEARANCE_MIN_DECIBELS)) return undefined;
  return { second: high.step * TONE_SPAN + low.step, track: track.step, clearanceDecibels };
}

/**
 * The second that sounds at the end of these samples of 48 kHz, and how long before their end it begins: if it begins within them,
 * at least 200 ms from either end. Within 5 ms.
 */
export function readEdgeFromAudio(samples: Float32Array): { second: number; secondsBeforeEnd: number } | undefined {
  const to = samples.length - WINDOW_SAMPLES;
  const before = readSecondFromAudio(samples)?.second;
  const second = readSecondFromAudio(samples.subarray(to))?.second;
  if (before === undefined || second !== before + 1) return undefined;
  const edge = findEdge(samples, 0, to, before, second);
  return { second, secondsBeforeEnd: (samples.length - edge) / SAMPLE_RATE_HZ };
}

/** Times come from the container: a gap is filled with silence, and what precedes 0 is cut. */
function decodeSamples(source: MediaSource, options: DecodeSecondsOptions): Promise<Float32Array> {
  return withMediaFile(source, async (path) => {
    const { audioIndex = 0, channel = 0 } = options;
    const filters = `pan=mono|c0=c${channel},aresample=${SAMPLE_RATE_HZ}:async=1:min_hard_comp=0.01:first_pts=0`;
    const times = options.keepsTimes === true ? ["-copyts"] : [];
    const output = ["-map", `0:a:${audioIndex}`, "-af", filters, "-f", "f32le", "pipe:1"];
    const { stdout } = await readFfmpeg([...times, "-i", path, ...output]);
    const samples = new Float32Array(Math.floor(stdout.length / 4));
    stdout.copy(new Uint8Array(samples.buffer), 0, 0, samples.byteLength);
    return samples;
  });
}

/** The periods of a window added up: every tone of the grid is the same in each of them, and looked for in a fifth of the samples. */
function folded(window: Float32Array): Float64Array {
  const sum = new Float64Array(PERIOD_SAMPLES);
  // Counted loops, here and below: iterators take four times as long, for hours of sound.
  for (let at = 0; at < window.length; at += 1) sum[at % PERIOD_SAMPLES]! += window[at]!;
  return sum;
}

function loudestOf(samples: Float64Array, steps: number, hzOf: (step: number) => number) {
  const powers = Array.from({ length: steps }, (_, step) => ({ step, power: powerAt(samples, hzOf(step)) }));
  const [first, second] = powers.sort((left, right) => right.power - left.power);
  return { step: first!.step, clearanceDecibels: 10 * Math.log10(first!.power / second!.power) };
}

/** Goertzel's algorithm: the power of one frequency, at one multiplication a sample. */
function powerAt(samples: Float32Array | Float64Array, hz: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / SAMPLE_RATE_HZ);
  let last = 0;
  let beforeLast = 0;
  for (let at = 0; at < samples.length; at += 1) {
    const next = samples[at]! + coefficient * last - beforeLast;
    beforeLast = last;
    last = next;
  }
  return last * last + beforeLast * beforeLast - coefficient * last * beforeLast;
}

/**
 * The sample at which `second` begins: where its tone becomes louder than that of the second before, and than half of
 * its own loudness. It lies after `from`, where the second before was last heard, and not long after `to`.
 */
function findEdge(samples: Float32Array, from: number, to: number, before: number | undefined, second: number): number {
  const power = (at: number, of: number): number =>
    powerAt(samples.subarray(at, at + PERIOD_SAMPLES), lowToneHz(of % TONE_SPAN));
  const quarter = power(to + WINDOW_SAMPLES / 2, second) / 4;
  for (let at = from; at < to + WINDOW_SAMPLES / 2; at += EDGE_STEP_SAMPLES) {
    const isLouder = before === undefined || power(at, second) > power(at, before);
    if (isLouder && power(at, second) > quarter) return before === undefined && at === 0 ? 0 : at + PERIOD_SAMPLES / 2;
  }
  return to;
}

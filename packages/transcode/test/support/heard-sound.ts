import type { AccessUnit, AudioGrid } from "@riptide/media";
import { readFfmpeg } from "../../../../test/films/ffmpeg.ts";
import { withMediaFile } from "../../../../test/films/media-source.ts";

/** Left channel of access units in a row, from the first sample that the first unit plays on. */
export async function decodeUnits(units: readonly AccessUnit[], { rateHz }: AudioGrid): Promise<Float32Array> {
  const adts = Buffer.concat(units.flatMap(({ data }) => [adtsHeader(rateHz, data.length), data]));
  return withMediaFile(adts, (path) => decode(["-f", "aac", "-i", path], "anull", rateHz));
}

/** Left channel of a file, mixed to stereo and at the rate of the grid, from the first sample that its unit 0 plays on. */
export async function decodeSource(path: string, { rateHz, startTicks }: AudioGrid): Promise<Float32Array> {
  const samples = await decode(["-cons_noisegen", "1", "-copyts", "-i", path], TO_STEREO, rateHz);
  return samples.subarray(startTicks);
}

const TO_STEREO = "aresample=ochl=stereo:rematrix_maxval=1:async=1:min_comp=0.000001:min_hard_comp=0.01:first_pts=0";

async function decode(input: readonly string[], filter: string, rateHz: number): Promise<Float32Array> {
  const filters = `${filter},aresample=${rateHz},pan=mono|c0=c0`;
  const { stdout } = await readFfmpeg([...input, "-map", "0:a:0", "-af", filters, "-f", "f32le", "pipe:1"]);
  const samples = new Float32Array(Math.floor(stdout.length / 4));
  stdout.copy(new Uint8Array(samples.buffer), 0, 0, samples.byteLength);
  return samples;
}

/** ISO/IEC 14496-3 table 1.18. */
const RATES_HZ = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000];

/** ISO/IEC 14496-3 §1.A.3.2: AAC-LC in stereo, no checksum. */
function adtsHeader(rateHz: number, dataBytes: number): Uint8Array {
  const length = dataBytes + 7;
  const [high, middle, low] = [length >> 11, (length >> 3) & 0xff, (length & 7) << 5];
  return Uint8Array.of(0xff, 0xf1, 0x40 | (RATES_HZ.indexOf(rateHz) << 2), 0x80 | high, middle, low | 0x1f, 0xfc);
}

/** Root of the mean square of the difference between `heard` and `source`, over `length` samples from `at` on. */
export function errorAt(heard: Float32Array, source: Float32Array, at: number, length: number): number {
  let sum = 0;
  for (let index = at; index < at + length; index += 1) {
    sum += ((heard[index] ?? 0) - (source[index] ?? 0)) ** 2;
  }
  return Math.sqrt(sum / length);
}

/** How loud it is: root of the mean square. */
export function loudnessAt(heard: Float32Array, at: number, length: number): number {
  return errorAt(heard, new Float32Array(0), at, length);
}

import { tonesOf } from "./film-code.ts";

export const SAMPLE_RATE_HZ = 48_000;

interface Loudness {
  readonly low: number;
  readonly high: number;
  readonly track: number;
  readonly chord: number;
}

const FOR_READERS: Loudness = { low: 0.2, high: 0.2, track: 0.1, chord: 0 };
const FOR_PEOPLE: Loudness = { low: 0.05, high: 0.015, track: 0.01, chord: 0.09 };

/** Four slow chords, all below the lowest tone and on the grid of a second, so that each second begins at phase 0. */
const CHORDS_HZ = [
  [110, 165, 220, 277],
  [98, 147, 196, 247],
  [87, 131, 175, 220],
  [98, 147, 196, 294],
] as const;
const CHORD_SECONDS = 4;

/** One second of one track: 16-bit little-endian samples, one channel. */
export function soundOfSecond(second: number, track: number, isForPeople: boolean): Uint8Array {
  const loudness = isForPeople ? FOR_PEOPLE : FOR_READERS;
  const { lowHz, highHz, trackHz } = tonesOf(second, track);
  const chordHz = CHORDS_HZ[Math.floor(second / CHORD_SECONDS) % CHORDS_HZ.length]!;
  const parts = [
    tone(lowHz, loudness.low),
    tone(highHz, loudness.high),
    tone(trackHz, loudness.track),
    ...chordHz.map((hz) => tone(hz, loudness.chord)),
  ];
  const samples = new Int16Array(SAMPLE_RATE_HZ);
  for (const part of parts) for (let index = 0; index < samples.length; index += 1) samples[index]! += part[index]!;
  return new Uint8Array(samples.buffer);
}

/** Seconds are sums of few tones: each tone is calculated once. */
const tones = new Map<string, Int16Array>();

function tone(hz: number, loudness: number): Int16Array {
  const key = `${hz} ${loudness}`;
  const known = tones.get(key);
  if (known !== undefined) return known;
  const amplitude = loudness * 32_767;
  const samples = Int16Array.from({ length: SAMPLE_RATE_HZ }, (_, index) =>
    Math.round(amplitude * Math.sin((2 * Math.PI * hz * index) / SAMPLE_RATE_HZ)),
  );
  tones.set(key, samples);
  return samples;
}

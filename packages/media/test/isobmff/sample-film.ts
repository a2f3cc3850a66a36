import { box, bytes, u16, u32, u64, zeros } from "../support/build.ts";
import { audioEntry, FTYP, fullBox, moov, mvhd, videoEntry } from "./film.ts";

/** Builders of MP4 films with samples in them. */

export interface TestSample {
  readonly data: Uint8Array;
  readonly durationTicks: number;
  readonly compositionTicks?: number;
  readonly isKeyframe?: boolean;
}

export interface TestTrack {
  readonly id: number;
  readonly handler?: "vide" | "soun";
  readonly entry?: Uint8Array;
  readonly timescale: number;
  readonly samples: readonly TestSample[];
  /** In each chunk; default: a chunk for each sample. */
  readonly samplesPerChunk?: number;
  readonly edits?: Uint8Array;
  readonly compositionVersion?: 0 | 1;
  readonly areOffsetsLong?: boolean;
  /** Bits of a size in `stz2`; else `stsz`. */
  readonly compactSizes?: 4 | 8 | 16;
  /** Of all samples. */
  readonly fixedSize?: number;
}

/** A sample whose bytes tell which one it is. */
export function testSample(
  track: number,
  index: number,
  lengthBytes: number,
  more: Partial<TestSample> = {},
): TestSample {
  const data = zeros(lengthBytes).map((_, at) => (at === 0 ? track : (index * 31 + at) & 0xff));
  return { data, durationTicks: 1, ...more };
}

/** Chunks of all tracks: `[track, chunk]` in the order of the file; default: track after track in turn. */
type ChunkOrder = readonly (readonly [number, number])[];

export interface FilmOptions {
  readonly order?: ChunkOrder;
  /** Bytes that belong to nobody in front of each chunk. */
  readonly gapBytes?: number;
  readonly isMoovFirst?: boolean;
}

/** `ftyp`, `mdat` and `moov` with the samples of the tracks. */
export function sampleFilm(tracks: readonly TestTrack[], options: FilmOptions = {}): Uint8Array {
  const { gapBytes = 0, isMoovFirst = false, order = inTurn(tracks) } = options;
  const moovOf = (mediaOffset: number): [Uint8Array, Uint8Array] => {
    const offsets = tracks.map((): number[] => []);
    const media: Uint8Array[] = [];
    let offset = mediaOffset + 8;
    for (const [track, chunk] of order) {
      media.push(zeros(gapBytes), ...chunksOf(tracks[track]!)[chunk]!.map(({ data }) => data));
      offsets[track]![chunk] = offset + gapBytes;
      offset += media.slice(-1 - chunksOf(tracks[track]!)[chunk]!.length).reduce((sum, { length }) => sum + length, 0);
    }
    return [moov(mvhd(1000), ...tracks.map((track, at) => sampleTrak(track, offsets[at]!))), box("mdat", ...media)];
  };
  const [{ length: moovLength }] = moovOf(0);
  const [movie, mdat] = moovOf(FTYP.length + (isMoovFirst ? moovLength : 0));
  return isMoovFirst ? bytes(FTYP, movie, mdat) : bytes(FTYP, mdat, movie);
}

/** `edts` with edits of `[duration in milliseconds, media time]`. */
export function edits(...list: (readonly [number, number])[]): Uint8Array {
  const entries = list.map(([duration, mediaTime]) => bytes(u32(duration), u32(mediaTime >>> 0), u32(0x10000)));
  return box("edts", fullBox("elst", u32(list.length), ...entries));
}

/** The same in version 1. */
export function longEdits(...list: (readonly [number, number])[]): Uint8Array {
  const entries = list.map(([duration, mediaTime]) =>
    bytes(u64(duration), u32(mediaTime < 0 ? 0xffff_ffff : 0), u32(mediaTime >>> 0), u32(0x10000)),
  );
  return box("edts", box("elst", 1, zeros(3), u32(list.length), ...entries));
}

function sampleTrak(track: TestTrack, offsets: readonly number[]): Uint8Array {
  const { samples, handler = "vide", timescale } = track;
  const keyframes = samples.flatMap(({ isKeyframe = true }, index) => (isKeyframe ? [index + 1] : []));
  const stbl = box(
    "stbl",
    fullBox("stsd", u32(1), track.entry ?? (handler === "vide" ? videoEntry("vp08") : audioEntry("ac-3"))),
    fullBox("stts", u32(samples.length), ...samples.map(({ durationTicks }) => bytes(u32(1), u32(durationTicks)))),
    compositionTable(track),
    keyframes.length === samples.length ? bytes() : fullBox("stss", u32(keyframes.length), ...keyframes.map(u32)),
    chunkTable(track),
    sizeTable(track),
    fullBox(
      track.areOffsetsLong === true ? "co64" : "stco",
      u32(offsets.length),
      ...offsets.map(track.areOffsetsLong === true ? u64 : u32),
    ),
  );
  const mdia = box(
    "mdia",
    fullBox("mdhd", zeros(8), u32(timescale), u32(0), u16(0x55c4), zeros(2)),
    fullBox("hdlr", zeros(4), handler, zeros(12)),
    box("minf", stbl),
  );
  return box("trak", box("tkhd", 0, 0, 0, 1, zeros(8), u32(track.id), zeros(68)), track.edits ?? bytes(), mdia);
}

function compositionTable({ samples, compositionVersion = 0 }: TestTrack): Uint8Array {
  if (samples.every(({ compositionTicks }) => compositionTicks === undefined)) return bytes();
  const entries = samples.map(({ compositionTicks = 0 }) => bytes(u32(1), u32(compositionTicks >>> 0)));
  return box("ctts", compositionVersion, zeros(3), u32(samples.length), ...entries);
}

function chunkTable(track: TestTrack): Uint8Array {
  const lengths = chunksOf(track).map(({ length }) => length);
  const runs = lengths.flatMap((length, chunk) => (length === lengths[chunk - 1] ? [] : [[chunk + 1, length, 1]]));
  return fullBox("stsc", u32(runs.length), ...runs.flat().map(u32));
}

function sizeTable({ samples, compactSizes, fixedSize }: TestTrack): Uint8Array {
  const count = u32(samples.length);
  if (fixedSize !== undefined) return fullBox("stsz", u32(fixedSize), count);
  const sizes = samples.map(({ data }) => data.length);
  if (compactSizes === undefined) return fullBox("stsz", u32(0), count, ...sizes.map(u32));
  const pairs = sizes.flatMap((size, at) => (at % 2 === 0 ? [(size << 4) | (sizes[at + 1] ?? 0)] : []));
  const entries = { 4: pairs, 8: sizes, 16: sizes.map(u16) }[compactSizes];
  return fullBox("stz2", u32(compactSizes), count, ...entries);
}

function chunksOf({ samples, samplesPerChunk = 1 }: TestTrack): TestSample[][] {
  const count = Math.ceil(samples.length / samplesPerChunk);
  return Array.from({ length: count }, (_, chunk) =>
    samples.slice(chunk * samplesPerChunk, (chunk + 1) * samplesPerChunk),
  );
}

function inTurn(tracks: readonly TestTrack[]): ChunkOrder {
  const longest = Math.max(...tracks.map((track) => chunksOf(track).length));
  return Array.from({ length: longest }, (_, chunk) =>
    tracks.flatMap((track, at) => (chunk < chunksOf(track).length ? [[at, chunk] as const] : [])),
  ).flat();
}

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openAvi, type Packet } from "../../src/index.ts";
import { bytes, chunk, zeros } from "../support/build.ts";
import { demux, stretchesOf } from "../support/demux.ts";
import { MemorySource, never } from "../support/memory-source.ts";
import {
  aviFilm,
  BYTES_OF_MP3,
  type FilmOptions,
  list,
  mp3Frame,
  PICTURES,
  picture,
  soundChunk,
  type TestChunk,
} from "./film.ts";
import {
  asText,
  base64,
  dataOf,
  FRAMES,
  filmOfBytes,
  filmOfFrames,
  filmOfPcm,
  interleaved,
  MP3,
  ofTrack,
  open,
  pictures,
  timesOf,
} from "./four-seconds.ts";

const WAYS: [string, FilmOptions][] = [
  ["offsets that count from the list", { index: "relative" }],
  ["offsets that count from the start of the file", { index: "absolute" }],
  ["OpenDML", { index: "open" }],
  ["OpenDML in several RIFFs", { index: "open", chunksPerPart: 37 }],
  ["OpenDML without an index of indexes", { index: "direct" }],
  ["lists of what is played together", { chunksPerList: 6 }],
  ["chunks of odd lengths without a filler", { isUnpadded: true }],
  ["what is long in front of the media", { before: chunk("JUNK", zeros(70_001)) }],
  ["what is before the media", { before: list("INFO", chunk("ISFT", "writer")) }],
];

describe.each(WAYS)("a film with %s", (_title, options) => {
  it.each([
    ["as it lies", [[undefined, undefined]] as const],
    ["by its index", undefined],
  ])("has its pictures and whole frames of sound, each at its time: %s", async (_way, cuts) => {
    const file = filmOfBytes(options);
    const demuxer = await open(file);
    const entries = (await demuxer.keyIndex(never))!;
    const stretches = cuts?.map(([from, to]) => ({ from, to })) ?? stretchesOf(entries);
    const packets: Packet[] = [];
    for (const stretch of stretches) packets.push(...(await demux(demuxer, file, { stretch })).packets);
    const [shown, heard] = [ofTrack(packets, 1), ofTrack(packets, 2)];
    expect(dataOf(shown)).toEqual(base64(pictures.map(({ data }) => data)));
    expect(timesOf(shown)).toEqual(pictures.map((_, number) => [number, number]));
    expect(shown.map(({ isKeyframe }) => isKeyframe)).toEqual(pictures.map((_, number) => number % 10 === 0));
    expect(dataOf(heard)).toEqual(base64(FRAMES));
    expect(timesOf(heard)).toEqual(FRAMES.map((_, number) => [1152 * number, 1152 * number]));
    expect(heard.every(({ durationTicks, isKeyframe }) => durationTicks === 1152 && isKeyframe)).toBe(true);
  });

  it("is entered at its keyframes", async () => {
    const file = filmOfBytes(options);
    const demuxer = await open(file);
    const entries = (await demuxer.keyIndex(never))!;
    expect(entries.map(({ timeSeconds }) => timeSeconds)).toEqual([0, 0.4, 0.8, 1.2, 1.6, 2, 2.4, 2.8, 3.2, 3.6]);
    for (const [place, { offsetBytes }] of entries.entries()) {
      expect(
        Buffer.compare(file.subarray(offsetBytes, offsetBytes + 200), pictures[10 * place]!.data.subarray(0, 200)),
      ).toBe(0);
    }
  });
});

const FILMS: [string, Uint8Array][] = [
  ["a stream of bytes", filmOfBytes()],
  ["a stream of bytes in lumps of half a second", filmOfBytes({}, 8000)],
  ["a stream of bytes, half a second early", filmOfBytes({}, 640, 12)],
  ["a stream of bytes, in chunks shorter than a frame", filmOfBytes({}, 100)],
  ["a frame in each chunk", filmOfFrames()],
  ["PCM", filmOfPcm(7680)],
  ["PCM in lumps", filmOfPcm(96_000)],
  ["PCM in odd pieces", filmOfPcm(7001)],
  ["all sound behind all pictures", aviFilm([PICTURES, BYTES_OF_MP3], [...pictures, soundChunk(MP3)])],
];

describe("stretches", () => {
  it.each(FILMS)("have each packet once, in order, wherever the film is cut: %s", async (_title, file) => {
    const demuxer = await open(file);
    const entries = [...(await demuxer.keyIndex(never))!];
    const whole = (await demux(demuxer, file)).packets;
    const property = fc.asyncProperty(
      fc.subarray(entries, { minLength: 1 }),
      fc.subarray([1, 2], { minLength: 1 }),
      fc.constantFrom(700, 16_384, Number.POSITIVE_INFINITY),
      async (cuts, tracks, readLimitBytes) => {
        const packets: Packet[] = [];
        for (const stretch of stretchesOf(cuts)) {
          packets.push(...(await demux(demuxer, file, { stretch, tracks, readLimitBytes })).packets);
        }
        for (const number of [1, 2]) {
          const own = ofTrack(packets, number).map(asText);
          expect(own).toEqual(tracks.includes(number) ? ofTrack(whole, number).map(asText) : []);
        }
      },
    );
    await fc.assert(property, { numRuns: 12 });
  });

  it.each(FILMS)("begin with their keyframe, and with the sound of its time: %s", async (_title, file) => {
    const demuxer = await open(file);
    const entries = (await demuxer.keyIndex(never))!;
    const [, { timescale }] = demuxer.tracks as [unknown, { timescale: number }];
    for (const [place, from] of entries.entries()) {
      const { packets } = await demux(demuxer, file, { stretch: { from, to: entries[place + 1] } });
      const [first] = ofTrack(packets, 1);
      expect(first).toMatchObject({ isKeyframe: true, ptsTicks: 10 * place });
      const heardSeconds = ofTrack(packets, 2)[0]!.ptsTicks / timescale;
      expect(heardSeconds - from.timeSeconds).toBeGreaterThanOrEqual(0);
      expect(heardSeconds - from.timeSeconds).toBeLessThan(0.025);
    }
  });

  it("of another demuxer's index read it again, by the stretch's own means", async () => {
    const file = filmOfBytes();
    const entries = (await (await open(file)).keyIndex(never))!;
    const stretch = { from: entries[3], to: entries[4] };
    const known = await open(file);
    await known.keyIndex(never);
    const { packets } = await demux(await open(file), file, { stretch });
    expect(packets.map(asText)).toEqual((await demux(known, file, { stretch })).packets.map(asText));
    // Where no more than the head is to be read, nothing is known, and the next to ask may read more.
    const demuxer = await open(file);
    expect((await demux(demuxer, file.subarray(0, 5000), { stretch })).packets).toEqual([]);
    expect((await demux(demuxer, file, { stretch })).packets.length).toBe(packets.length);
  });
});

describe("Bytes that are read", () => {
  const big = aviFilm(
    [PICTURES, BYTES_OF_MP3],
    interleaved(MP3, 640, 640).map((item) =>
      item.stream === 0 ? { ...item, data: bytes(item.data, zeros(20_000)) } : item,
    ),
    { before: chunk("JUNK", zeros(100_000)) },
  );

  it("are the head when it is opened, and the index when one asks for it", async () => {
    const source = new MemorySource(big);
    const demuxer = await openAvi(source, never);
    expect(source.touchedBytes).toBeLessThanOrEqual(48 * 1024);
    const opened = source.touchedBytes;
    await demuxer.keyIndex(never);
    const indexed = source.touchedBytes;
    expect(indexed - opened).toBeLessThanOrEqual(201 * 16 + 3 * 16_384);
    await demuxer.keyIndex(never);
    expect(source.touchedBytes).toBe(indexed);
  });

  it("are not those of the index where the whole film is played", async () => {
    const demuxer = await open(big);
    const { ranges } = await demux(demuxer, big);
    expect(ranges.length).toBe(1);
  });

  it("are those of a stretch, and what ends its last frame", async () => {
    const demuxer = await open(big);
    const entries = (await demuxer.keyIndex(never))!;
    const [from, to] = [entries[4]!, entries[5]!];
    const { readBytes, packets, ranges } = await demux(demuxer, big, { stretch: { from, to } });
    const dataBytes = packets.reduce((sum, { data }) => sum + data.length, 0);
    expect(readBytes).toBeLessThanOrEqual(dataBytes + 20 * 8 + 2 * 1733);
    expect(ranges[0]!.start).toBeGreaterThan(from.offsetBytes - 20_900);
    expect(Math.max(...ranges.map(({ end }) => end))).toBeLessThan(to.offsetBytes + 20_900);
  });

  it("are those of the sound alone where nothing else is wanted", async () => {
    const whole = aviFilm(
      [PICTURES, BYTES_OF_MP3],
      interleaved(MP3, 640, 640).map((item) =>
        item.stream === 0 ? { ...item, data: bytes(item.data, zeros(300_000)) } : item,
      ),
    );
    const { readBytes, packets } = await demux(await open(whole), whole, { tracks: [2] });
    expect(packets.length).toBe(FRAMES.length);
    expect(readBytes).toBeLessThan(0.1 * whole.length);
  });
});

describe("A film whose pictures and sound lie apart", () => {
  const long = Array.from({ length: 500 }, (_, number) => picture(number));
  const seconds = Array.from({ length: 833 }, (_, number) => mp3Frame(number));
  const chunks = [...long, soundChunk(bytes(...seconds))];

  it("is kept together by its index", async () => {
    const file = aviFilm([PICTURES, BYTES_OF_MP3], splitSound(chunks));
    const { packets, ranges } = await demux(await open(file), file, { readLimitBytes: 16_384 });
    expect(dataOf(ofTrack(packets, 1))).toEqual(base64(long.map(({ data }) => data)));
    expect(dataOf(ofTrack(packets, 2))).toEqual(base64(seconds));
    // As long as it takes to see it, and as large as what comes at once.
    expect(leadSeconds(packets)).toBeLessThan(9);
    expect(ranges.length).toBeGreaterThan(2);
  });

  it("is read as it lies if it has none", async () => {
    const file = aviFilm([PICTURES, BYTES_OF_MP3], splitSound(chunks), { index: "none" });
    const { packets } = await demux(await open(file), file, { readLimitBytes: 16_384 });
    expect(dataOf(ofTrack(packets, 1))).toEqual(base64(long.map(({ data }) => data)));
    expect(dataOf(ofTrack(packets, 2))).toEqual(base64(seconds));
    expect(leadSeconds(packets)).toBeGreaterThan(15);
  });
});

function splitSound(chunks: readonly TestChunk[]): TestChunk[] {
  return chunks.flatMap((item) => {
    if (item.kind === "dc") return [item];
    const count = Math.ceil(item.data.length / 8000);
    return Array.from({ length: count }, (_, part) => soundChunk(item.data.subarray(8000 * part, 8000 * (part + 1))));
  });
}

function leadSeconds(packets: readonly Packet[]): number {
  const reached = [0, 0];
  return Math.max(
    ...packets.map(({ trackNumber, ptsTicks }) => {
      reached[trackNumber - 1] = ptsTicks / (trackNumber === 1 ? 25 : 48_000);
      return Math.abs(reached[0]! - reached[1]!);
    }),
  );
}

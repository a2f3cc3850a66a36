import { mergeRanges, rangeLength } from "@riptide/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSoak } from "../../../../test/support/soak.ts";
import { type Demuxer, openIsobmff, type Packet } from "../../src/index.ts";
import { corpusFile, demoFilm } from "../support/corpus.ts";
import { demux, stretchesOf } from "../support/demux.ts";
import { MemorySource, never } from "../support/memory-source.ts";
import { edits, type FilmOptions, longEdits, sampleFilm, type TestTrack, testSample } from "./sample-film.ts";

const open = (file: Uint8Array): Promise<Demuxer> => openIsobmff(new MemorySource(file), never);

/** `[pts, dts, duration, keyframe]` of the packets of a track. */
const timesOf = (packets: readonly Packet[], track = 1) =>
  packets
    .filter(({ trackNumber }) => trackNumber === track)
    .map(({ ptsTicks, dtsTicks, durationTicks, isKeyframe }) => [ptsTicks, dtsTicks, durationTicks, isKeyframe]);

const firstPts = async (track: Partial<TestTrack>): Promise<number | undefined> => {
  const file = sampleFilm([{ id: 1, timescale: 600, samples: [testSample(1, 0, 5)], ...track }]);
  return (await demux(await open(file), file)).packets[0]?.ptsTicks;
};

/** Ten seconds of pictures, a keyframe each second; and of sound. */
const PICTURES: TestTrack = {
  id: 1,
  timescale: 600,
  samples: Array.from({ length: 100 }, (_, index) =>
    testSample(1, index, 100 + index, { durationTicks: 60, compositionTicks: 60, isKeyframe: index % 10 === 0 }),
  ),
};
const SOUND: TestTrack = {
  id: 2,
  handler: "soun",
  timescale: 48_000,
  samplesPerChunk: 4,
  samples: Array.from({ length: 400 }, (_, index) => testSample(2, index, 10 + (index % 7), { durationTicks: 1200 })),
};

describe("the sample tables", () => {
  it.each<[string, Partial<TestTrack>, FilmOptions]>([
    ["stsz and stco", {}, {}],
    ["the moov in front", {}, { isMoovFirst: true }],
    ["co64", { areOffsetsLong: true }, {}],
    ["several samples in a chunk", { samplesPerChunk: 7 }, {}],
    ["one chunk", { samplesPerChunk: 1000 }, {}],
    ["stz2 of 16 bits", { compactSizes: 16 }, {}],
    ["stz2 of 8 bits", { compactSizes: 8 }, {}],
    ["gaps between chunks", { samplesPerChunk: 3 }, { gapBytes: 70_000 }],
    ["small gaps between chunks", { samplesPerChunk: 3 }, { gapBytes: 700 }],
  ])("lead to the bytes and times of all samples: %s", async (_title, more, options) => {
    const file = sampleFilm([{ ...PICTURES, ...more }, SOUND], options);
    const { packets } = await demux(await open(file), file);
    for (const track of [PICTURES, SOUND]) {
      const own = packets.filter(({ trackNumber }) => trackNumber === track.id);
      expect(own.map(({ data }) => Buffer.from(data))).toEqual(track.samples.map(({ data }) => Buffer.from(data)));
    }
    expect(timesOf(packets)).toEqual(PICTURES.samples.map((_sample, at) => [60 * at + 60, 60 * at, 60, at % 10 === 0]));
    expect(timesOf(packets, 2)).toEqual(SOUND.samples.map((_sample, at) => [1200 * at, 1200 * at, 1200, true]));
  });

  it.each([1, 2, 3, 15])("read sizes of four bits, of %d samples", async (count) => {
    const samples = Array.from({ length: count }, (_, index) => testSample(1, index, index + 1));
    const file = sampleFilm([{ id: 1, timescale: 600, samples, compactSizes: 4, samplesPerChunk: 4 }]);
    const { packets } = await demux(await open(file), file);
    expect(packets.map(({ data }) => data.length)).toEqual(samples.map(({ data }) => data.length));
  });

  it("take samples of one size", async () => {
    const samples = Array.from({ length: 9 }, (_, index) => testSample(1, index, 40, { durationTicks: 5 }));
    const file = sampleFilm([{ id: 1, timescale: 600, samples, fixedSize: 40, samplesPerChunk: 4 }]);
    const { packets } = await demux(await open(file), file);
    expect(packets.map(({ data }) => Buffer.from(data))).toEqual(samples.map(({ data }) => Buffer.from(data)));
  });

  it.each([0, 1] as const)("take negative composition offsets in version %d", async (compositionVersion) => {
    expect(await firstPts({ compositionVersion, samples: [testSample(1, 0, 5, { compositionTicks: -7 })] })).toBe(-7);
  });

  it("say how long packets play if all but the last are alike", async () => {
    const samples = [30, 30, 30, 7].map((durationTicks, at) => testSample(1, at, 5, { durationTicks }));
    const lengths = await Promise.all(
      [samples.slice(0, 3), samples.slice(2), samples].map(async (some) => {
        const demuxer = await open(sampleFilm([{ id: 1, timescale: 600, samples: some }]));
        return demuxer.tracks[0]?.packetTicks;
      }),
    );
    // A run for each sample: only what is alike in one run is.
    expect(lengths).toEqual([undefined, 30, undefined]);
  });
});

describe("edit lists", () => {
  it.each<[string, number, Uint8Array | undefined]>([
    ["none", 0, undefined],
    ["the whole media", 0, edits([1000, 0])],
    ["a lead-in that is cut off", -90, edits([1000, 90])],
    ["an empty edit in front", 150, edits([250, -1], [1000, 0])],
    ["both", 60, edits([250, -1], [1000, 90])],
    ["several empty edits", 300, edits([250, -1], [250, -1], [1000, 0])],
    ["cuts behind the start, which are ignored", -90, edits([100, 90], [250, -1], [100, 500])],
    ["only emptiness, which is ignored", 0, edits([250, -1])],
    ["no edits", 0, edits()],
    ["more than a day, which is ignored", 0, edits([0xffff_ffff, -1], [1000, 0])],
    ["64-bit times", 60, longEdits([250, -1], [1000, 90])],
    ["a rounded shift", 1, edits([1, -1], [1000, 0])],
  ])("shift times by what is in front of the media: %s", async (_title, ticks, list) => {
    expect(await firstPts(list === undefined ? {} : { edits: list })).toBe(ticks);
  });
});

const CORPUS = [
  "h265_bframes",
  "long_1080p_lowbitrate",
  "sample",
  "sample_eac3",
  "sample_fragmented",
  "sample_missing_stsd",
];
const FILES: [string, () => Uint8Array][] = [
  ...CORPUS.map((name): [string, () => Uint8Array] => [name, () => corpusFile(`mp4/${name}.mp4`)]),
  ["the bundled film", () => demoFilm("MP4")],
  ["pictures and sound in turn", () => sampleFilm([PICTURES, SOUND])],
  ["sound alone", () => sampleFilm([SOUND])],
  ["all pictures in front of all sound", () => sampleFilm([PICTURES, SOUND], { order: oneAfterTheOther() })],
  ["gaps", () => sampleFilm([PICTURES, SOUND], { gapBytes: 100_000 })],
];

function oneAfterTheOther(): [number, number][] {
  const pictures = PICTURES.samples.map((_, chunk): [number, number] => [0, chunk]);
  return [...pictures, ...Array.from({ length: 100 }, (_, chunk): [number, number] => [1, chunk])];
}

/** How far the sound of a picture lies from it in the bundled film. */
const INTERLEAVING_BYTES = 16_384;

const asText = ({ data, ...packet }: Packet): string =>
  `${JSON.stringify(packet)} ${Buffer.from(data).toString("base64")}`;

describe("stretches", () => {
  it.each(FILES)(
    "have each packet of each track once, in order, wherever the film is cut: %s",
    async (_title, load) => {
      const file = load();
      const demuxer = await open(file);
      const numbers = demuxer.tracks.map(({ number }) => number);
      const entries = [...((await demuxer.keyIndex(never)) ?? [])];
      const whole = (await demux(demuxer, file)).packets;
      const property = fc.asyncProperty(
        fc.subarray(entries),
        fc.subarray(numbers, { minLength: 1 }),
        fc.constantFrom(1000, 16_384, Number.POSITIVE_INFINITY),
        async (cuts, tracks, readLimitBytes) => {
          const packets: Packet[] = [];
          for (const stretch of stretchesOf(cuts)) {
            packets.push(...(await demux(demuxer, file, { stretch, tracks, readLimitBytes })).packets);
          }
          for (const number of numbers) {
            const own = (all: readonly Packet[]) => all.filter(({ trackNumber }) => trackNumber === number).map(asText);
            expect(own(packets)).toEqual(tracks.includes(number) ? own(whole) : []);
          }
        },
      );
      await fc.assert(property, { numRuns: isSoak ? 8 : 3 });
    },
  );

  it.each(FILES)("start with the keyframe of their entry: %s", async (_title, load) => {
    const file = load();
    const demuxer = await open(file);
    const lead = demuxer.tracks.find(({ track }) => track.kind === "video") ?? demuxer.tracks[0]!;
    for (const stretch of stretchesOf((await demuxer.keyIndex(never)) ?? []).slice(1)) {
      const { packets, ranges } = await demux(demuxer, file, { stretch, tracks: [lead.number] });
      expect(packets[0]).toMatchObject({ isKeyframe: true });
      expect(ranges[0]?.start).toBe(stretch.from?.offsetBytes);
    }
  });

  it.each(FILES.filter(([title]) => !title.startsWith("all pictures")))(
    "read no byte twice: %s",
    async (_title, load) => {
      const file = load();
      const { ranges, readBytes, packets } = await demux(await open(file), file);
      const merged = mergeRanges(ranges).reduce((sum, range) => sum + rangeLength(range), 0);
      expect(ranges.reduce((sum, range) => sum + rangeLength(range), 0)).toBe(merged);
      expect(ranges.map(({ start }) => start)).toEqual(ranges.map(({ start }) => start).sort((a, b) => a - b));
      expect(readBytes).toBeLessThanOrEqual(merged);
      expect(readBytes).toBeGreaterThanOrEqual(packets.reduce((sum, { data }) => sum + data.length, 0));
    },
  );

  it("need the headers and their own bytes, nothing else", async () => {
    const file = demoFilm("MP4");
    const source = new MemorySource(file);
    const demuxer = await openIsobmff(source, never);
    const entries = (await demuxer.keyIndex(never)) ?? [];
    const [from, to] = [entries[5]!, entries[6]!];
    const { ranges, readBytes } = await demux(demuxer, file, { stretch: { from, to } });
    expect(source.touchedBytes).toBeLessThanOrEqual(3 * 16_384);
    expect(ranges.length).toBe(1);
    expect(readBytes).toBeLessThanOrEqual(to.offsetBytes - from.offsetBytes + INTERLEAVING_BYTES);
    expect(Math.abs(ranges[0]!.start - from.offsetBytes)).toBeLessThan(INTERLEAVING_BYTES);
  });

  it("of sound alone leave the pictures out where that saves a jump's worth", async () => {
    const big = {
      ...PICTURES,
      samples: PICTURES.samples.map((sample) => ({ ...sample, data: new Uint8Array(80_000) })),
    };
    const file = sampleFilm([big, SOUND]);
    const { readBytes, packets } = await demux(await open(file), file, { tracks: [2] });
    expect(packets.length).toBe(400);
    expect(readBytes).toBe(SOUND.samples.reduce((sum, { data }) => sum + data.length, 0));
  });

  it("keep tracks together that lie apart, two seconds at a time", async () => {
    const file = sampleFilm([PICTURES, SOUND], { order: oneAfterTheOther() });
    const { packets, ranges } = await demux(await open(file), file);
    const reached = [0, 0];
    const leads = packets.map(({ trackNumber, dtsTicks = 0 }) => {
      reached[trackNumber - 1] = dtsTicks / (trackNumber === 1 ? 600 : 48_000);
      return Math.abs(reached[0]! - reached[1]!);
    });
    expect(Math.max(...leads)).toBeLessThan(2.2);
    expect(ranges.length).toBeLessThan(12);
  });

  it("leave out what lies beyond the end of the file", async () => {
    const whole = sampleFilm([PICTURES, SOUND], { isMoovFirst: true });
    const file = whole.subarray(0, whole.length - 2000);
    const { packets } = await demux(await open(file), file);
    const all = (await demux(await open(whole), whole)).packets;
    for (const number of [1, 2]) {
      const own = packets.filter(({ trackNumber }) => trackNumber === number);
      const wholeTrack = all.filter(({ trackNumber }) => trackNumber === number);
      expect(own.map(asText)).toEqual(wholeTrack.slice(0, own.length).map(asText));
    }
    expect(packets.length).toBeGreaterThan(400);
    expect(packets.length).toBeLessThan(all.length);
  });

  it("end where the stream does", async () => {
    const file = sampleFilm([PICTURES], { isMoovFirst: true });
    const { packets } = await demux(await open(file), file.subarray(0, -1000));
    expect(packets.length).toBe(94);
  });
});

describe("the key index", () => {
  it("has the sync samples of the first video track", async () => {
    const entries = await (await open(sampleFilm([PICTURES, SOUND]))).keyIndex(never);
    expect(entries?.map(({ timeSeconds }) => timeSeconds)).toEqual([0.1, 1.1, 2.1, 3.1, 4.1, 5.1, 6.1, 7.1, 8.1, 9.1]);
  });

  it("has a place each second where there is only sound", async () => {
    const entries = await (await open(sampleFilm([SOUND]))).keyIndex(never);
    expect(entries?.map(({ timeSeconds }) => timeSeconds)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("has a place each second where all pictures are keyframes", async () => {
    const samples = PICTURES.samples.map((sample) => ({ ...sample, isKeyframe: true }));
    expect((await (await open(sampleFilm([{ ...PICTURES, samples }]))).keyIndex(never))?.length).toBe(10);
  });

  it("is missing where no picture is a keyframe", async () => {
    const samples = PICTURES.samples.map((sample) => ({ ...sample, isKeyframe: false }));
    expect(await (await open(sampleFilm([{ ...PICTURES, samples }]))).keyIndex(never)).toBeUndefined();
  });
});

describe("uncompressed sound", () => {
  it("comes in frames of 1024 values", async () => {
    const samples = Array.from({ length: 5000 }, (_, index) => testSample(1, index, 4));
    const file = sampleFilm([
      { id: 1, handler: "soun", timescale: 4000, samples, fixedSize: 4, samplesPerChunk: 2200 },
    ]);
    const demuxer = await open(file);
    const { packets } = await demux(demuxer, file);
    expect(timesOf(packets).map(([pts, , duration]) => [pts, duration])).toEqual([
      [0, 1024],
      [1024, 1024],
      [2048, 152],
      [2200, 1024],
      [3224, 1024],
      [4248, 152],
      [4400, 600],
    ]);
    const joined = Buffer.concat(packets.map(({ data }) => data));
    expect(joined.equals(Buffer.concat(samples.map(({ data }) => data)))).toBe(true);
  });
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aacTrackOf } from "../../src/audio-grid/aac-output.ts";
import { audioGridOf, framesBefore, gridFrame, unitAt, unitPosition } from "../../src/audio-grid/audio-grid.ts";
import { aacParameters } from "../../src/codecs/aac.ts";
import type { AudioCodec } from "../../src/media-info.ts";
import { zeros } from "../support/build.ts";
import { FRAMES, soundTrack, streamInfo, vorbisHeaders } from "./support/sound.ts";

const AT_ZERO = { ptsTicks: 0, data: FRAMES.ac3Surround };

describe("The rate of the output", () => {
  test.each([
    [8000, 8000],
    [22_050, 22_050],
    [44_100, 44_100],
    [48_000, 48_000],
    [64_000, 48_000],
    [88_200, 44_100],
    [96_000, 48_000],
    [176_400, 44_100],
    [192_000, 48_000],
    [37_800, 48_000],
  ])("of %d Hz is %d Hz", (sourceRateHz, rateHz) => {
    const grid = audioGridOf(soundTrack("ac3", sourceRateHz), [AT_ZERO]);
    expect([grid.sourceRateHz, grid.rateHz]).toEqual([sourceRateHz, rateHz]);
  });

  test("is that of the times if the track does not say", () => {
    const { track, ...coded } = soundTrack("ac3", 44_100);
    const silentTrack = { ...coded, track: { ...track, sampleRateHz: undefined } } as typeof coded & {
      track: typeof track;
    };
    expect(audioGridOf(silentTrack, [AT_ZERO]).rateHz).toBe(44_100);
  });

  test.each([1, 7999, 400_000, Number.POSITIVE_INFINITY])("of %d Hz is none", (rateHz) => {
    expect(() => audioGridOf(soundTrack("ac3", rateHz), [AT_ZERO])).toThrow(
      expect.objectContaining({ code: "unsupported_media" }),
    );
  });
});

describe("The grid", () => {
  test.each([
    ["starts with the first frame", 48_000, 9984, 9984],
    ["starts in the ticks of the output", 96_000, 9984, 4992],
    ["starts not before the film: a codec's delay is no unit", 48_000, -1105, 943],
    ["starts at 0 if whole units lie before", 48_000, -2048, 0],
  ])("%s", (_, rateHz, ptsTicks, startTicks) => {
    expect(audioGridOf(soundTrack("ac3", rateHz), [{ ...AT_ZERO, ptsTicks }]).startTicks).toBe(startTicks);
  });

  test("says which unit plays a sample, at any rates", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(44_100, 48_000, 96_000, 176_400),
        fc.nat(10_000),
        fc.nat(10_000_000),
        (rate, origin, unit) => {
          const grid = audioGridOf(soundTrack("ac3", rate), [{ ...AT_ZERO, ptsTicks: origin }]);
          const position = unitPosition(grid, unit);
          expect([unitAt(grid, position), unitAt(grid, position - 1)]).toEqual([unit, unit - 1]);
        },
      ),
    );
  });
});

/** Codecs with frames of one length, and rates at which they occur. */
const regular: [AudioCodec, number, Uint8Array, Uint8Array, number][] = [
  ["ac3", 44_100, FRAMES.ac3Surround, zeros(0), 1536],
  ["eac3", 48_000, FRAMES.eac3Surround, zeros(0), 1536],
  ["dts", 48_000, FRAMES.dtsSurround, zeros(0), 512],
  ["mp2", 44_100, FRAMES.mp2Stereo, zeros(0), 1152],
  ["mp3", 22_050, FRAMES.mp3Half, zeros(0), 576],
  ["flac", 96_000, FRAMES.flacSurround, streamInfo(8192, 8192), 8192],
];

describe("Times in whole milliseconds", () => {
  test.each(regular)("of %s at %d Hz are put back on the sample", (codec, rateHz, data, configuration, samples) => {
    fc.assert(
      fc.property(fc.nat(10_000_000), fc.nat(500), (index, lateMs) => {
        const origin = Math.round((lateMs * rateHz) / 1000);
        const grid = audioGridOf(soundTrack(codec, rateHz, configuration), [{ ptsTicks: origin, data }]);
        const exact = origin + (index % 500_000) * samples;
        const ptsTicks = Math.round((Math.round((exact * 1000) / rateHz) * rateHz) / 1000);
        expect(gridFrame(grid, { ptsTicks, data }).positionSamples).toBe(exact);
      }),
    );
  });

  test("of Vorbis are put back on a quarter of its short block", () => {
    const track = soundTrack("vorbis", 48_000, vorbisHeaders(0xb8, [false, true]));
    const grid = audioGridOf(track, [{ ptsTicks: 0, data: zeros(1) }]);
    expect(gridFrame(grid, { ptsTicks: 144, data: zeros(1) }).positionSamples).toBe(128);
  });

  test("of Vorbis are put back on the sample, give or take one shift for the whole film, wherever its origin was rounded to", () => {
    const track = soundTrack("vorbis", 48_000, vorbisHeaders(0xb8, [false, true]));
    const lengths = fc.array(fc.boolean(), { minLength: 40, maxLength: 100 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 0, max: 100_000 }), fc.nat(47), (isLong, shift, phase) => {
        const packets: { ptsTicks: number; data: Uint8Array; exact: number }[] = [];
        let exact = 48 * shift + phase;
        for (const [index, flag] of isLong.entries()) {
          const blocks = [isLong[index - 1] ?? flag, flag].map((long) => (long ? 2048 : 256));
          // The container shifts all times by the rounded time of the first packet.
          packets.push({ ptsTicks: 48 * (Math.round(exact / 48) - shift), data: Uint8Array.of(flag ? 2 : 0), exact });
          exact += (blocks[0]! + blocks[1]!) / 4;
        }
        const grid = audioGridOf(track, packets);
        const shifts = packets.slice(1).map((packet) => gridFrame(grid, packet).positionSamples - packet.exact);
        expect(Math.abs(shifts[0]! + 48 * shift)).toBeLessThanOrEqual(24);
        expect(new Set(shifts).size).toBe(1);
      }),
    );
  });

  test("that lie on no grid stay as they are", () => {
    const grid = audioGridOf(soundTrack("ac3"), [AT_ZERO]);
    const drifted = 1000 * 1536 + 5 * 48;
    expect(gridFrame(grid, { ...AT_ZERO, ptsTicks: drifted }).positionSamples).toBe(drifted);
  });

  test("are taken at their word where the container is exact", () => {
    const grid = audioGridOf(soundTrack("ac3"), [AT_ZERO], { timeStepSeconds: 0 });
    expect(gridFrame(grid, { ...AT_ZERO, ptsTicks: 1537 }).positionSamples).toBe(1537);
  });

  test("count in the ticks of the track", () => {
    const grid = audioGridOf({ ...soundTrack("ac3"), timescale: 90_000 }, [AT_ZERO]);
    expect(gridFrame(grid, { ...AT_ZERO, ptsTicks: 2880 }).positionSamples).toBe(1536);
  });
});

describe("Frames without times", () => {
  test("end where the next one starts; a damaged one is as long as the others", () => {
    const grid = audioGridOf(soundTrack("ac3"), [AT_ZERO]);
    const next = { positionSamples: 15_360, data: FRAMES.ac3Surround };
    const frames = [FRAMES.ac3Surround, zeros(3), FRAMES.ac3Surround];
    expect(framesBefore(grid, next, frames)).toEqual([
      { positionSamples: 10_752, data: frames[0] },
      { positionSamples: 12_288, data: frames[1] },
      { positionSamples: 13_824, data: frames[2] },
    ]);
  });

  test("of Vorbis have lengths of their own", () => {
    const track = soundTrack("vorbis", 48_000, vorbisHeaders(0xb8, [false, true]));
    const grid = audioGridOf(track, [{ ptsTicks: 0, data: zeros(1) }]);
    const [short, long] = [Uint8Array.of(0), Uint8Array.of(2)];
    const placed = framesBefore(grid, { positionSamples: 10_000, data: long }, [long, long, short]);
    expect(placed.map(({ positionSamples }) => positionSamples)).toEqual([10_000 - 576 - 1024 - 1024, 8400, 9424]);
  });
});

test("The track that comes out is AAC-LC in stereo, and keeps its name", () => {
  const coded = aacTrackOf(audioGridOf(soundTrack("ac3", 96_000), [AT_ZERO]));
  expect(coded).toMatchObject({ number: 2, timescale: 48_000, packetTicks: 1024 });
  expect(coded.track).toEqual({
    kind: "audio",
    index: 1,
    codec: "aac",
    codecTag: "mp4a",
    codecString: "mp4a.40.2",
    language: "fre",
    title: "Commentary",
    isDefault: false,
    channels: 2,
    sampleRateHz: 48_000,
  });
  const told = { codecString: "mp4a.40.2", sampleRateHz: 48_000, channels: 2, channelLayout: "stereo" };
  expect(aacParameters(coded.configuration)).toEqual(told);
});

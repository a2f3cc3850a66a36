import { Fragmenter, type MuxTrack } from "@riptide/media";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AVC_RECORD, packet, pictureTrack, soundTrack } from "../../../media/test/fmp4/coded.ts";
import { segmentBudgetBytes } from "../../src/virtual/segment-budget.ts";
import { KIB, MIB } from "../support/context.ts";

const FREE_BYTES = 8;
/** RFC 6716 §3.1: 20 ms in one frame. */
const OPUS_PACKET = Uint8Array.of(0xf8, 0xff, 0xfe);

const PICTURE = pictureTrack("h264", { configuration: AVC_RECORD });
const TRACKS = {
  picture: { id: 1, coded: PICTURE },
  aac: { id: 2, coded: soundTrack("aac", { packetTicks: 1024 }) },
  opus: { id: 2, coded: soundTrack("opus"), firstPacket: OPUS_PACKET },
  // FLAC says it in its configuration, which this one lacks.
  flac: { id: 2, coded: soundTrack("flac") },
} satisfies Record<string, MuxTrack>;

/** A frame of a track, and what its block costs in the file beside it: at least so much. */
interface StoredFrame {
  readonly trackNumber: number;
  readonly seconds: number;
  readonly sizeBytes: number;
  readonly isKeyframe: boolean;
  readonly headerBytes: number;
}

/** RFC 9559 §10: ID, size, track, time, flags. The size takes a byte up to 126. */
const blockHeaderBytes = (contentBytes: number): number => 5 + (contentBytes < 123 ? 1 : contentBytes < 16_379 ? 2 : 3);

const pictures = (durationSeconds: number): fc.Arbitrary<StoredFrame[]> =>
  fc
    .record({ perSecond: fc.double({ min: 1, max: 60, noNaN: true }), largest: fc.constantFrom(4, 300, 60_000) })
    .chain(({ perSecond, largest }) =>
      fc
        .array(
          fc.record({
            sizeBytes: fc.integer({ min: 1, max: largest }),
            jitter: fc.double({ min: 0, max: 0.9, noNaN: true }),
            isKeyframe: fc.boolean(),
          }),
          {
            minLength: Math.floor(durationSeconds * perSecond),
            maxLength: Math.ceil(durationSeconds * perSecond),
          },
        )
        .map((frames) =>
          frames.map(({ sizeBytes, jitter, isKeyframe }, index) => ({
            trackNumber: 1,
            seconds: (index + jitter) / perSecond,
            sizeBytes,
            isKeyframe,
            headerBytes: blockHeaderBytes(sizeBytes),
          })),
        ),
    );

/** Frames of sound, laced by `perBlock`: then only the first of a block pays for its header. */
const sounds = (durationSeconds: number, frameSeconds: number): fc.Arbitrary<StoredFrame[]> =>
  fc
    .record({ perBlock: fc.constantFrom(1, 2, 8, 256), strayingSeconds: fc.double({ min: 0, max: 2, noNaN: true }) })
    .chain(({ perBlock, strayingSeconds }) => {
      const count = Math.ceil((durationSeconds + strayingSeconds) / frameSeconds);
      return fc.array(fc.integer({ min: 1, max: 600 }), { minLength: count, maxLength: count }).map((sizes) =>
        sizes.map((sizeBytes, index) => ({
          trackNumber: 2,
          seconds: index * frameSeconds,
          sizeBytes,
          isKeyframe: true,
          headerBytes: index % perBlock === 0 ? blockHeaderBytes(sizeBytes) : 0,
        })),
      );
    });

const stretch = fc
  .record({
    durationSeconds: fc.oneof(
      fc.double({ min: 0.001, max: 0.2, noNaN: true }),
      fc.double({ min: 0.5, max: 8, noNaN: true }),
    ),
    sound: fc.constantFrom<["aac" | "opus" | "flac", number]>(
      ["aac", 1024 / 48_000],
      ["opus", 0.02],
      ["opus", 0.01],
      ["flac", 0.0961],
      ["flac", 0.01],
    ),
    framesPerSecond: fc.constantFrom(24, 50, undefined),
  })
  .chain(({ durationSeconds, sound: [name, frameSeconds], framesPerSecond }) =>
    fc.record({
      durationSeconds: fc.constant(durationSeconds),
      tracks: fc.constant([
        { id: 1, coded: { ...PICTURE, track: { ...PICTURE.track, framesPerSecond } } },
        TRACKS[name],
      ]),
      frames: fc.tuple(pictures(durationSeconds), sounds(durationSeconds, frameSeconds)).map((both) => both.flat()),
    }),
  );

function fragmentBytes(tracks: readonly MuxTrack[], frames: readonly StoredFrame[]): number {
  const fragmenter = new Fragmenter(tracks, {
    firstSeconds: Number.POSITIVE_INFINITY,
    cutsAtKeyframes: false,
    pendingLimitBytes: Number.POSITIVE_INFINITY,
  });
  for (const { trackNumber, seconds, sizeBytes, isKeyframe } of frames) {
    const { timescale } = tracks[trackNumber - 1]!.coded;
    fragmenter.push(packet(trackNumber, Math.round(seconds * timescale), { sizeBytes, isKeyframe }));
  }
  const fragments = fragmenter.finish();
  expect(fragments.length).toBeLessThanOrEqual(1);
  return fragments.flat().reduce((sum, { length }) => sum + length, 0);
}

/** Frames that MP4 has most to say of: all unlike each other, of hardly a byte, in blocks that hold as many as they can. */
const dearest = (trackNumber: number, perSecond: number, perBlock: number, strayingSeconds: number): StoredFrame[] =>
  Array.from({ length: Math.floor((8 + strayingSeconds) * perSecond) }, (_, index) => ({
    trackNumber,
    seconds: (index + (index % 3 === 0 ? 0.4 : 0)) / perSecond,
    sizeBytes: 1 + (index % 2),
    isKeyframe: trackNumber === 2 || index % 5 === 0,
    headerBytes: index % perBlock === 0 ? blockHeaderBytes(2) : 0,
  }));

const ofTrack = (track: MuxTrack): number => segmentBudgetBytes({ sourceBytes: MIB, durationSeconds: 4 }, [track]);

describe("The budget of a segment", () => {
  test("is enough for any pictures and sounds, laced or not, at any rate that films have", () => {
    fc.assert(
      fc.property(stretch, ({ durationSeconds, tracks, frames }) => {
        const sourceBytes = frames.reduce((sum, { sizeBytes, headerBytes }) => sum + sizeBytes + headerBytes, 0);
        const neededBytes = fragmentBytes(tracks, frames) + FREE_BYTES;
        expect(segmentBudgetBytes({ sourceBytes, durationSeconds }, tracks)).toBeGreaterThanOrEqual(neededBytes);
      }),
      { numRuns: 300 },
    );
  });

  test.each<[string, MuxTrack, StoredFrame[]]>([
    ["60 pictures a second where 24 are told", TRACKS.picture, dearest(1, 60, 1, 0)],
    ["AAC in laces", TRACKS.aac, dearest(2, 48_000 / 1024, 256, 1.9)],
    ["Opus in laces, of half the length of the first frame", TRACKS.opus, dearest(2, 100, 256, 1.9)],
    ["FLAC in laces, which says nothing", TRACKS.flac, dearest(2, 100, 256, 1.9)],
  ])("is enough, and not twice enough, for %s", (_, track, frames) => {
    const sourceBytes = frames.reduce((sum, { sizeBytes, headerBytes }) => sum + sizeBytes + headerBytes, 0);
    const tracks = [{ id: 1, coded: { ...track.coded, number: 1 }, firstPacket: track.firstPacket }];
    const neededBytes =
      fragmentBytes(
        tracks,
        frames.map((each) => ({ ...each, trackNumber: 1 })),
      ) + FREE_BYTES;
    const budgetBytes = segmentBudgetBytes({ sourceBytes, durationSeconds: 8 }, tracks);
    expect(budgetBytes).toBeGreaterThanOrEqual(neededBytes);
    expect(budgetBytes).toBeLessThan(2 * neededBytes);
  });

  test("has room for a picture of a few bytes in a stretch of no length", () => {
    const frame = { trackNumber: 1, seconds: 0, sizeBytes: 1, isKeyframe: true, headerBytes: blockHeaderBytes(1) };
    const budget = segmentBudgetBytes({ sourceBytes: 7, durationSeconds: 0 }, [TRACKS.picture, TRACKS.aac]);
    expect(budget).toBeGreaterThanOrEqual(fragmentBytes([TRACKS.picture, TRACKS.aac], [frame]) + FREE_BYTES);
    expect(segmentBudgetBytes({ sourceBytes: 0, durationSeconds: 4 }, [TRACKS.picture])).toBeGreaterThanOrEqual(
      FREE_BYTES,
    );
  });

  test.each([
    ["8 Mb/s", 4 * MIB, 0.007],
    ["2 Mb/s", MIB, 0.012],
    ["500 kb/s", 256 * KIB, 0.032],
  ])("costs little in four seconds of a film of %s", (_, sourceBytes, share) => {
    const budget = segmentBudgetBytes({ sourceBytes, durationSeconds: 4 }, [TRACKS.picture, TRACKS.aac]);
    expect(budget / sourceBytes - 1).toBeLessThan(share);
  });

  test("grows by what each frame was stripped of in the file", () => {
    const stripped = { id: 2, coded: { ...TRACKS.aac.coded, growthBytes: 4 } };
    expect(ofTrack(stripped) - ofTrack(TRACKS.aac)).toBe(Math.ceil((6 * 48_000) / 1024) * 4);
    expect(ofTrack({ id: 2, coded: { ...TRACKS.aac.coded, growthBytes: Number.POSITIVE_INFINITY } })).toBe(
      Number.POSITIVE_INFINITY,
    );
  });

  test.each([
    ["a billion pictures a second", 1e9],
    ["no number of pictures", Number.NaN],
  ])("is bounded for a film that claims %s, or lasts for a year", (_, framesPerSecond) => {
    const lying = { id: 1, coded: { ...PICTURE, track: { ...PICTURE.track, framesPerSecond } } };
    const frames = 1000 * 6 * 10;
    expect(segmentBudgetBytes({ sourceBytes: MIB, durationSeconds: 4 }, [lying])).toBeLessThan(
      1.01 * MIB + frames + KIB,
    );
    expect(segmentBudgetBytes({ sourceBytes: MIB, durationSeconds: 3e7 }, [lying])).toBeLessThan(11.1 * MIB);
  });

  test("takes a sound that tells nothing for one of short frames", () => {
    const unknown = { id: 2, coded: soundTrack("vorbis") };
    expect(ofTrack(unknown)).toBeGreaterThan(ofTrack(TRACKS.aac));
  });
});

import { describe, expect, test } from "vitest";
import { withTrueFlag } from "../../src/fmp4/picture-entry.ts";
import { type CodedTrack, decodableFrom, type Packet } from "../../src/index.ts";
import { bytes, fromHex, zeros } from "../support/build.ts";
import { AVC_RECORD, packet, pictureTrack, soundTrack } from "./coded.ts";

const H264 = pictureTrack("h264", { configuration: AVC_RECORD });
/** Lengths of four octets, as nearly all have. */
const HEVC = pictureTrack("hevc", { configuration: bytes(zeros(21), fromHex("0f00")) });

/** NAL units with a length in front of each. */
const units = (...hex: readonly string[]): Uint8Array =>
  bytes(...hex.map(fromHex).map((unit) => bytes(Uint8Array.of(0, 0, 0, unit.length), unit)));

const AUD = "09f0";
/** first_mb_in_slice 0 and slice_type 7 (I), 5 (P), 2 (I), 0 (P): `1 0001000`, `1 00110`, `1 011`, `1 1`. */
const SLICES = { idr: "6588", intra: "4188", alsoIntra: "41b0", predicted: "4198", alsoPredicted: "41c0" };
/** User data (5) of three octets, then a recovery point (6) of one. */
const RECOVERY = "06 05 03 aabbcc 06 01 c4 80";
const USER_DATA = "06 05 03 aabbcc 80";

const flagged = (data: Uint8Array): Packet => ({ ...packet(1, 0), data });
const at = (place: number, data: Uint8Array, isKeyframe = false): Packet => ({
  ...packet(1, place * 3600, { isKeyframe }),
  data,
});

describe("A keyframe by its flag", () => {
  test.each<[string, CodedTrack, Uint8Array, boolean]>([
    ["H.264 that refreshes", H264, units(AUD, SLICES.idr), true],
    ["H.264 of I slices", H264, units(AUD, SLICES.intra), true],
    ["H.264 of I slices among others", H264, units(SLICES.alsoIntra), true],
    ["H.264 of P slices", H264, units(AUD, SLICES.predicted), false],
    ["H.264 of P slices among others", H264, units(USER_DATA, SLICES.alsoPredicted), false],
    ["H.264 of P slices, from where it recovers", H264, units(RECOVERY, SLICES.predicted), true],
    ["H.264 without a slice", H264, units(AUD), true],
    ["H.264 that is cut off", H264, units(AUD, SLICES.predicted).subarray(0, 8), true],
    ["H.264 of nothing", H264, zeros(300), true],
    ["HEVC, IDR", HEVC, units("4001", "2601"), true],
    ["HEVC, CRA", HEVC, units("2a01"), true],
    ["HEVC, trailing", HEVC, units("4601", "0201"), false],
    ["HEVC, leading", HEVC, units("1001"), false],
    ["VP9, which is not looked at", pictureTrack("vp9"), units(SLICES.predicted), true],
  ])("is one: %s → %j", (_, coded, data, expected) => {
    expect(withTrueFlag(coded, flagged(data)).isKeyframe).toBe(expected);
    expect(withTrueFlag(coded, { ...flagged(data), isKeyframe: false }).isKeyframe).toBe(false);
  });
});

describe("Where a film is entered", () => {
  const SOUND = soundTrack("aac");
  const passed = (coded: CodedTrack, packets: readonly Packet[]): number[] =>
    packets.filter(decodableFrom([coded, SOUND])).map(({ ptsTicks }) => ptsTicks / 3600);
  const P = units(SLICES.predicted);

  test("pictures in front of a true keyframe are left out, whatever their flags say, and sound is not", () => {
    const sound = { ...packet(2, 0), data: zeros(4) };
    expect(decodableFrom([H264, SOUND])(sound)).toBe(true);
    expect(passed(H264, [at(1, P), at(2, P, true), at(3, units(SLICES.idr), true), at(4, P), at(5, P, true)])).toEqual([
      3, 4, 5,
    ]);
  });

  test("those that lean on a picture in front of it are left out up to the next one", () => {
    const open = [at(10, units(SLICES.intra), true), at(8, P), at(9, P), at(12, P), at(11, P)];
    const next = [at(20, units(SLICES.intra), true), at(18, P), at(19, P)];
    expect(passed(H264, [...open, ...next])).toEqual([10, 12, 11, 20, 18, 19]);
    const closed = [at(10, units(SLICES.idr), true), at(8, P), at(12, P)];
    expect(passed(H264, closed)).toEqual([10, 8, 12]);
  });

  test("HEVC says itself which those are", () => {
    const [cra, rasl, radl, trail] = ["2a01", "1001", "0c01", "0201"].map((unit) => units(unit));
    const packets = [at(10, cra!, true), at(8, rasl!), at(9, radl!), at(7, zeros(9)), at(12, trail!)];
    expect(passed(HEVC, packets)).toEqual([10, 9, 7, 12]);
  });

  test("nothing is known of other codecs", () => {
    const coded = pictureTrack("vp9");
    const vp9 = [at(3, P), at(2, P, true), at(1, P)].filter(decodableFrom([coded]));
    expect(vp9.map(({ ptsTicks }) => ptsTicks / 3600)).toEqual([2, 1]);
  });
});

import { describe, expect, it } from "vitest";
import { type Demuxer, openIsobmff, type Packet } from "../../src/index.ts";
import { box, bytes, u16, u32, u64, zeros } from "../support/build.ts";
import { demux } from "../support/demux.ts";
import { MemorySource, never } from "../support/memory-source.ts";
import { audioEntry, FTYP, fullBox, moov, mvhd, trak, videoEntry } from "./film.ts";

const open = (file: Uint8Array): Promise<Demuxer> => openIsobmff(new MemorySource(file), never);

const VIDEO = trak({ handler: "vide", entry: videoEntry("vp08"), timescale: 1000 });
const AUDIO = trak({ handler: "soun", entry: audioEntry("ac-3"), id: 2, timescale: 500 });
const trex = (track: number, duration = 40, size = 10, flags = 0): Uint8Array =>
  fullBox("trex", ...[track, 1, duration, size, flags].map(u32));
const MOOV = moov(mvhd(0), VIDEO, AUDIO, box("mvex", trex(1), trex(2, 20)));

const tfhd = (track: number, flags = 0, ...fields: Uint8Array[]): Uint8Array =>
  box("tfhd", u32(flags), u32(track), ...fields);
const tfdt = (ticks: number): Uint8Array => box("tfdt", 1, zeros(3), u64(ticks));
const trun = (flags: number, count: number, ...fields: Uint8Array[]): Uint8Array =>
  box("trun", u32(flags), u32(count), ...fields);
const moof = (...trafs: Uint8Array[]): Uint8Array => box("moof", fullBox("mfhd", u32(1)), ...trafs);

const DEFAULT_BASE_IS_MOOF = 0x20000;
const HAS_OFFSET = 1;
const NON_SYNC = 0x10000;

/** Data in which every byte is another, from `first` on. */
const media = (lengthBytes: number, first = 0): Uint8Array => zeros(lengthBytes).map((_, at) => first + at);

/** A fragment of both tracks: two pictures of 10 bytes, two sounds of 10 bytes. */
function fragment(ticks: number, options: { withTimes?: boolean; firstFlags?: number } = {}): Uint8Array {
  const { withTimes = true, firstFlags = 0 } = options;
  const build = (offset: number): Uint8Array =>
    moof(
      box(
        "traf",
        tfhd(1, DEFAULT_BASE_IS_MOOF),
        withTimes ? tfdt(ticks) : bytes(),
        trun(HAS_OFFSET | 4 | 0x400, 2, u32(offset), u32(firstFlags), u32(NON_SYNC), u32(NON_SYNC)),
      ),
      box(
        "traf",
        tfhd(2, DEFAULT_BASE_IS_MOOF),
        withTimes ? tfdt(ticks / 2) : bytes(),
        trun(HAS_OFFSET, 2, u32(offset + 20)),
      ),
    );
  return bytes(build(build(0).length + 8), box("mdat", media(40, ticks / 8)));
}

/** The size of its mdat is 0, "to the end of the file". */
function withoutEnd(whole: Uint8Array): Uint8Array {
  const mdatAt = whole.length - 48;
  return bytes(whole.subarray(0, mdatAt), u32(0), whole.subarray(mdatAt + 4));
}

const describePacket = ({ trackNumber, ptsTicks, dtsTicks, durationTicks, isKeyframe, data }: Packet): string =>
  `${trackNumber} ${ptsTicks}/${dtsTicks}+${durationTicks}${isKeyframe ? " key" : ""} [${data[0]},${data.length}]`;
const packetsOf = async (file: Uint8Array): Promise<string[]> =>
  (await demux(await open(file), file)).packets.map(describePacket);

const TWO_FRAGMENTS = [
  "1 0/0+40 key [0,10]",
  "1 40/40+40 [10,10]",
  "2 0/0+20 key [20,10]",
  "2 20/20+20 key [30,10]",
  "1 80/80+40 key [10,10]",
  "1 120/120+40 [20,10]",
  "2 40/40+20 key [30,10]",
  "2 60/60+20 key [40,10]",
];

describe("movie fragments", () => {
  it.each<[string, Uint8Array[]]>([
    ["side by side", [fragment(0), fragment(80)]],
    ["with other boxes between them", [box("styp"), fragment(0), box("free", zeros(100)), box("emsg"), fragment(80)]],
    ["that do not say when they start", [fragment(0, { withTimes: false }), fragment(80, { withTimes: false })]],
    ["behind media of nobody", [box("mdat", zeros(500)), fragment(0), fragment(80)]],
    ["of which the last goes on to the end of the file", [fragment(0), withoutEnd(fragment(80))]],
    ["with 64-bit sizes between them", [fragment(0), bytes(u32(1), "free", u64(20), zeros(4)), fragment(80)]],
  ])("are read one after the other: %s", async (_title, fragments) => {
    expect(await packetsOf(bytes(FTYP, MOOV, ...fragments))).toEqual(TWO_FRAGMENTS);
  });

  it("say what their samples are like", async () => {
    const run = trun(0xf01, 2, u32(0), ...[7, 3, 0, 5].map(u32), ...[9, 4, NON_SYNC, 0xffff_fffe].map(u32));
    const head = moof(box("traf", tfhd(1, DEFAULT_BASE_IS_MOOF), tfdt(100), run));
    const at = head.length + 8;
    const file = bytes(FTYP, MOOV, moofWithOffset(head, at), box("mdat", media(20)));
    expect(await packetsOf(file)).toEqual(["1 105/100+7 key [0,3]", "1 105/107+9 [3,4]"]);
  });

  it.each<[string, (moofOffset: number, dataOffset: number) => Uint8Array[]]>([
    [
      "an offset of their own",
      (moofOffset) => [box("traf", tfhd(1, 1, u64(moofOffset)), trun(HAS_OFFSET, 2, u32(300)))],
    ],
    ["that of the moof", () => [box("traf", tfhd(1), trun(HAS_OFFSET, 2, u32(300)))]],
    ["the run before", () => [box("traf", tfhd(1), trun(HAS_OFFSET, 1, u32(300)), trun(0, 1))]],
    [
      "the end of the track before",
      () => [box("traf", tfhd(9, 0x10, u32(20)), trun(HAS_OFFSET, 5, u32(200))), box("traf", tfhd(1), trun(0, 2))],
    ],
    [
      "defaults of the fragment",
      () => [box("traf", tfhd(1, 0x3a, u32(1), u32(40), u32(10), u32(0)), trun(HAS_OFFSET, 2, u32(300)))],
    ],
  ])("have their data where they say: %s", async (_title, trafs) => {
    const start = FTYP.length + MOOV.length;
    const head = moof(...trafs(start, 300));
    const mdat = box("mdat", zeros(300 - head.length - 8), media(20, 50));
    expect(await packetsOf(bytes(FTYP, MOOV, head, mdat))).toEqual(["1 0/0+40 key [50,10]", "1 40/40+40 key [60,10]"]);
  });

  it.each<[string, Uint8Array[], number]>([
    ["samples beyond the mdat", [moof(box("traf", tfhd(1), trun(HAS_OFFSET, 9, u32(90)))), box("mdat", zeros(60))], 4],
    [
      "a run that is cut off",
      [moof(box("traf", tfhd(1), trun(0x200, 1_000_000))), box("mdat", zeros(60)), fragment(0)],
      4,
    ],
    ["a box of size 7", [fragment(0), bytes(u32(7), "free"), fragment(80)], 4],
    ["a moof of 5 MiB", [box("moof", zeros(5 * 2 ** 20)), fragment(0)], 4],
    ["hundreds of empty boxes", [...Array.from({ length: 300 }, () => box("free")), fragment(0)], 0],
    ["a fragment of unknown tracks", [moof(box("traf", tfhd(9), trun(HAS_OFFSET, 2, u32(300)))), fragment(0)], 4],
    [
      "billions of samples without a size",
      [moof(box("traf", tfhd(1, 0x10, u32(0)), trun(0, 0xffff_ffff))), fragment(0)],
      4,
    ],
    ["data in front of the moof", [moof(box("traf", tfhd(1), trun(HAS_OFFSET, 2, u32(0)))), box("mdat", zeros(60))], 0],
  ])("are left out where they are damaged: %s", async (_title, fragments, count) => {
    expect((await packetsOf(bytes(FTYP, MOOV, ...fragments))).length).toBe(count);
  });
});

/** The same moof with another data offset in its only run, which is its last box. */
function moofWithOffset(head: Uint8Array, offset: number): Uint8Array {
  const at = head.length - 32 - 4;
  return bytes(head.subarray(0, at), u32(offset), head.subarray(at + 4));
}

const FRAGMENTS = [fragment(0), fragment(80), fragment(160, { firstFlags: NON_SYNC }), fragment(240)];
const LENGTHS = FRAGMENTS.map(({ length }) => length);

/** A sidx in front of the fragments: `[bytes, ticks of 1/1000 s, starts with a keyframe]`. */
function sidx(references: readonly (readonly [number, number, boolean])[], track = 1): Uint8Array {
  const list = references.map(([size, ticks, isKey]) => bytes(u32(size), u32(ticks), u32(isKey ? 0x9000_0000 : 0)));
  return fullBox("sidx", u32(track), u32(1000), u32(0), u32(0), u16(0), u16(references.length), ...list);
}

const SIDX = sidx(LENGTHS.map((length, index) => [length, 80, index !== 2]));

function mfra(start: number): Uint8Array {
  const offsets = LENGTHS.map((_, index) => start + LENGTHS.slice(0, index).reduce((sum, length) => sum + length, 0));
  const entries = [0, 1, 3].map((index) => bytes(u64(80 * index), u64(offsets[index]!), 1, 1, 1));
  const inside = bytes(u64(240), u64(offsets[3]!), 1, 2, 1);
  const tfra = box("tfra", 1, zeros(3), u32(1), u32(0), u32(4), ...entries, inside);
  const length = 8 + tfra.length + 16;
  return box("mfra", tfra, fullBox("mfro", u32(length)));
}

const HEAD = bytes(FTYP, MOOV);
const ALL = bytes(...FRAGMENTS);

describe("the key index of fragments", () => {
  it.each<[string, Uint8Array, number]>([
    ["a sidx", bytes(HEAD, SIDX, ALL), HEAD.length + SIDX.length],
    ["an mfra", bytes(HEAD, ALL, mfra(HEAD.length)), HEAD.length],
    ["the fragments themselves", bytes(HEAD, ALL), HEAD.length],
    [
      "a sidx of the first fragment only, and the fragments",
      bytes(HEAD, sidx([[LENGTHS[0]!, 80, true]]), ALL),
      HEAD.length + 44,
    ],
    ["a sidx that is cut off, and the fragments", bytes(HEAD, fullBox("sidx", u32(1)), ALL), HEAD.length + 16],
  ])("comes from %s", async (_title, file, start) => {
    const [a, b, c] = [0, 1, 3].map(
      (count) => start + LENGTHS.slice(0, count).reduce((sum, length) => sum + length, 0),
    );
    expect(await (await open(file)).keyIndex(never)).toEqual([
      { timeSeconds: 0, offsetBytes: a },
      { timeSeconds: 0.08, offsetBytes: b },
      { timeSeconds: 0.24, offsetBytes: c },
    ]);
  });

  it("prefers the sidx of the picture", async () => {
    const other = sidx([[ALL.length, 320, true]], 2);
    const own = fullBox(
      "sidx",
      ...[1, 1000, 0, 0].map(u32),
      u16(0),
      u16(1),
      u32(ALL.length),
      u32(320),
      u32(0x9000_0000),
    );
    const entries = await (await open(bytes(HEAD, other, own, ALL))).keyIndex(never);
    expect(entries).toEqual([{ timeSeconds: 0, offsetBytes: HEAD.length + other.length + own.length }]);
  });

  it("reads no media, wherever it comes from", async () => {
    const big = bytes(fragment(0), box("mdat", zeros(1_000_000)), fragment(80), box("mdat", zeros(1_000_000)));
    const source = new MemorySource(bytes(HEAD, big));
    const demuxer = await openIsobmff(source, never);
    expect((await demuxer.keyIndex(never))?.length).toBe(2);
    expect(source.touchedBytes).toBeLessThan(200_000);
  });

  it("is missing where there are too many fragments to look for", async () => {
    const file = bytes(HEAD, ...Array.from({ length: 4100 }, () => box("free")), ALL);
    expect(await (await open(file)).keyIndex(never)).toBeUndefined();
  });

  it("gives the film its length where nothing else does", async () => {
    expect((await open(bytes(HEAD, SIDX, ALL))).durationSeconds).toBe(0.32);
  });
});

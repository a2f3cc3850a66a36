import { MediaError } from "@riptide/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fastStartLayout, openIsobmff } from "../../src/index.ts";
import { box, bytes, u16, u32, zeros } from "../support/build.ts";
import { corpusFile } from "../support/corpus.ts";
import { demux, stretchesOf } from "../support/demux.ts";
import { assemble } from "../support/fast-start.ts";
import { MemorySource, never } from "../support/memory-source.ts";
import { FTYP, fullBox, moov, mvhd, videoEntry } from "./film.ts";

/** Name, and how often it is broken: the long one takes its time. */
const FILES: [string, number][] = [
  ["h265_bframes", 150],
  ["long_1080p_lowbitrate", 10],
  ["sample", 150],
  ["sample_eac3", 150],
  ["sample_fragmented", 150],
  ["sample_malformed_free_box", 50],
  ["sample_missing_stsd", 150],
];

/** Reads all there is to read, stretch by stretch, and moves the moov. */
async function readEverything(file: Uint8Array): Promise<number> {
  const demuxer = await openIsobmff(new MemorySource(file), never);
  const entries = (await demuxer.keyIndex(never)) ?? [];
  let count = 0;
  for (const stretch of stretchesOf(entries)) {
    const { packets, ranges } = await demux(demuxer, file, { stretch });
    for (const { start, end } of ranges) expect(start >= 0 && start < end && end <= file.length).toBe(true);
    for (const { ptsTicks, dtsTicks, data } of packets) {
      if (Number.isNaN(ptsTicks) || Number.isNaN(dtsTicks) || data.length === 0) throw new Error("A packet of nothing");
    }
    count += packets.length;
  }
  return count;
}

async function moveMoov(file: Uint8Array): Promise<void> {
  const layout = await fastStartLayout(new MemorySource(file), never);
  if (layout !== undefined) expect(assemble(layout, file).length).toBe(file.length);
}

async function expectOnlyMediaErrors(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof MediaError)) throw error;
  }
}

async function expectSurvival(file: Uint8Array): Promise<void> {
  await expectOnlyMediaErrors(readEverything(file));
  await expectOnlyMediaErrors(moveMoov(file));
}

/** Where the bytes lie that tell something: all boxes but the media. */
function headerOffsets(file: Uint8Array): [number, number][] {
  const found: [number, number][] = [];
  for (const type of ["moov", "moof", "mfra"]) {
    const at = Buffer.from(file).indexOf(type, 0, "latin1");
    if (at >= 4) found.push([at - 4, Math.min(file.length, at - 4 + Buffer.from(file).readUInt32BE(at - 4))]);
  }
  return found.length > 0 ? found : [[0, file.length]];
}

describe.each(FILES)("%s, broken", (name, numRuns) => {
  const whole = corpusFile(`mp4/${name}.mp4`);

  it("is cut off anywhere", async () => {
    const cut = fc.integer({ min: 0, max: whole.length });
    await fc.assert(
      fc.asyncProperty(cut, (length) => expectSurvival(whole.subarray(0, length))),
      { numRuns: Math.ceil(numRuns / 2) },
    );
  });

  it("has flipped bits in its headers", async () => {
    const place = fc.oneof(...headerOffsets(whole).map(([start, end]) => fc.integer({ min: start, max: end - 1 })));
    const flips = fc.array(fc.tuple(place, fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(flips, async (changes) => {
        const broken = whole.slice();
        for (const [at, mask] of changes) broken[at]! ^= mask;
        await expectSurvival(broken);
      }),
      { numRuns },
    );
  });

  it("has large numbers in its headers", async () => {
    const place = fc.oneof(...headerOffsets(whole).map(([start, end]) => fc.integer({ min: start, max: end - 4 })));
    const value = fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff);
    await fc.assert(
      fc.asyncProperty(place, value, async (at, number) => {
        const broken = whole.slice();
        broken.set(u32(number), at);
        await expectSurvival(broken);
      }),
      { numRuns },
    );
  });
});

function filmOf(...tables: Uint8Array[]): Uint8Array {
  const stbl = box("stbl", fullBox("stsd", u32(1), videoEntry("vp08")), ...tables);
  const mdhd = fullBox("mdhd", zeros(8), u32(600), u32(0), u16(0x55c4), zeros(2));
  const hdlr = fullBox("hdlr", zeros(4), "vide", zeros(12));
  const tkhd = box("tkhd", 0, 0, 0, 1, zeros(8), u32(1), zeros(68));
  const trak = box("trak", tkhd, box("mdia", mdhd, hdlr, box("minf", stbl)));
  return bytes(FTYP, moov(mvhd(1000), trak), box("mdat", zeros(1200 - 8 - FTYP.length)));
}

const table = (type: string, entries: number, ...fields: number[]): Uint8Array =>
  fullBox(type, u32(entries), ...fields.map(u32));

const BILLIONS = 0xffff_ffff;
const TIMES = table("stts", 1, BILLIONS, 1);
const SIZES = fullBox("stsz", u32(100), u32(BILLIONS));

describe("tables that claim billions of samples", () => {
  it.each<[string, Uint8Array[], number]>([
    ["in one chunk", [TIMES, SIZES, table("stsc", 1, 1, BILLIONS, 1), table("stco", 1, 600)], 10],
    ["in no chunk", [TIMES, SIZES, table("stsc", 1, 1, BILLIONS, 1)], 0],
    ["beyond the file", [TIMES, SIZES, table("stsc", 1, 1, BILLIONS, 1), table("stco", 1, 1e9)], 0],
    ["of no size", [TIMES, fullBox("stsz", u32(0), u32(BILLIONS)), table("stsc", 1, 1, 9, 1), table("stco", 1, 1)], 0],
    ["of no time", [table("stts", 1, BILLIONS, 0), SIZES, table("stsc", 1, 1, BILLIONS, 1), table("stco", 1, 600)], 10],
    ["of endless time", [table("stts", 1, 2, BILLIONS), SIZES, table("stsc", 1, 1, 9, 1), table("stco", 1, 600)], 2],
    [
      "in chunks that go back",
      [TIMES, SIZES, table("stsc", 3, 1, 1, 1, 9, 1, 1, 2, 3, 1), table("stco", 3, 600, 700, 800)],
      3,
    ],
    [
      "that are all keyframes",
      [TIMES, SIZES, table("stss", 3, 9, 1, 5), table("stsc", 1, 1, 9, 1), table("stco", 1, 600)],
      9,
    ],
  ])("are read in bounded time: %s", async (_title, tables, count) => {
    expect(await readEverything(filmOf(...tables))).toBe(count);
  });

  it("leaves out frames of more than 32 MiB", async () => {
    const sizes = fullBox("stsz", ...[0, 2, 33 * 2 ** 20, 9].map(u32));
    const file = filmOf(TIMES, sizes, table("stsc", 1, 1, 1, 1), table("stco", 2, 600, 700));
    const demuxer = await openIsobmff(new MemorySource(file, { sizeBytes: 2 ** 30 }), never);
    const { packets } = await demux(demuxer, file);
    expect(packets.map(({ data }) => data.length)).toEqual([9]);
  });
});

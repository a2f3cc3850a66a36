import { describe, expect, it } from "vitest";
import { type FastStartLayout, fastStartLayout, openIsobmff } from "../../src/index.ts";
import { box, bytes, u32, u64, zeros } from "../support/build.ts";
import { corpusFile } from "../support/corpus.ts";
import { demux } from "../support/demux.ts";
import { assemble } from "../support/fast-start.ts";
import { MemorySource, never } from "../support/memory-source.ts";
import { FTYP, fullBox, moov, mvhd, VIDEO_TRAK } from "./film.ts";
import { sampleFilm, testSample } from "./sample-film.ts";

const layoutOf = (file: Uint8Array): Promise<FastStartLayout | undefined> =>
  fastStartLayout(new MemorySource(file), never);

const SAMPLES = Array.from({ length: 9 }, (_, index) => testSample(1, index, 50 + index));
const FILM = sampleFilm([{ id: 1, timescale: 600, samples: SAMPLES }]);
const LONG_OFFSETS = sampleFilm([{ id: 1, timescale: 600, samples: SAMPLES, areOffsetsLong: true }]);

/** A moov with nothing but chunk offsets. */
const withOffsets = (table: Uint8Array): Uint8Array =>
  moov(mvhd(1000), box("trak", box("mdia", box("minf", box("stbl", table)))));
const offsetsIn = (moovBytes: Uint8Array, count: number): number[] =>
  Array.from({ length: count }, (_, index) =>
    Buffer.from(moovBytes).readUInt32BE(moovBytes.length - 4 * (count - index)),
  );

describe("a moov in front of its media", () => {
  it.each<[string, Uint8Array]>([
    ["32-bit offsets", FILM],
    ["64-bit offsets", LONG_OFFSETS],
    ["fillers around the media", insertedBehindFtyp(FILM, box("free", zeros(0)))],
    ["something behind the moov", bytes(FILM, box("free", zeros(77)))],
    ["h265_bframes", corpusFile("mp4/h265_bframes.mp4")],
    ["long_1080p_lowbitrate", corpusFile("mp4/long_1080p_lowbitrate.mp4")],
  ])("has the same size and the same packets: %s", async (_title, file) => {
    const layout = await layoutOf(file);
    const moved = assemble(layout!, file);
    expect(layout?.sizeBytes).toBe(file.length);
    expect(moved.length).toBe(file.length);
    const [before, after] = await Promise.all([file, moved].map(packetsOf));
    expect(after).toEqual(before);
    expect(await layoutOf(moved)).toBeUndefined();
  });

  it("lies right behind the ftyp, and all else keeps its order and its bytes", async () => {
    const { parts } = (await layoutOf(bytes(FILM, box("free", zeros(77)))))!;
    const moovLength = FILM.length - mdatEnd(FILM);
    expect(parts).toEqual([
      { kind: "source", range: { start: 0, end: FTYP.length } },
      { kind: "bytes", bytes: expect.objectContaining({ length: moovLength }) },
      { kind: "source", range: { start: FTYP.length, end: mdatEnd(FILM) } },
      { kind: "source", range: { start: FILM.length, end: FILM.length + 85 } },
    ]);
  });

  it("lies at the start where there is no ftyp", async () => {
    const movie = withOffsets(fullBox("stco", u32(1), u32(8)));
    const file = bytes(box("mdat", zeros(50)), movie);
    const { parts } = (await layoutOf(file))!;
    expect(parts.map(({ kind }) => kind)).toEqual(["bytes", "source"]);
    expect(offsetsIn(assemble({ parts }, file).subarray(0, movie.length), 1)).toEqual([8 + movie.length]);
  });

  it("says its size where it went on to the end of the file", async () => {
    const movie = withOffsets(fullBox("stco", u32(0)));
    const file = bytes(FTYP, box("mdat", zeros(50)), u32(0), movie.subarray(4));
    const moved = assemble((await layoutOf(file))!, file);
    expect(Buffer.from(moved).readUInt32BE(FTYP.length)).toBe(movie.length);
  });

  it("takes a 64-bit header along", async () => {
    const movie = withOffsets(fullBox("stco", u32(1), u32(FTYP.length + 8)));
    const long = bytes(u32(1), "moov", u64(movie.length + 8), movie.subarray(8));
    const file = bytes(FTYP, box("mdat", zeros(50)), long);
    const moved = assemble((await layoutOf(file))!, file);
    expect(offsetsIn(moved.subarray(0, FTYP.length + long.length), 1)).toEqual([FTYP.length + 8 + long.length]);
  });

  it("moves only chunks that lie in what moves, and no more than there are", async () => {
    const start = FTYP.length;
    const mdat = box("mdat", zeros(50));
    const movie = withOffsets(fullBox("stco", u32(0xffff), ...[0, start, start + 57, start + 58, 9999].map(u32)));
    const file = bytes(FTYP, mdat, movie, box("mdat", zeros(20)));
    const { parts } = (await layoutOf(file))!;
    const made = parts.find((part) => part.kind === "bytes")!;
    const by = movie.length;
    expect(offsetsIn(made.bytes, 5)).toEqual([0, start + by, start + 57 + by, start + 58, 9999]);
  });

  it.each<[string, Uint8Array]>([
    ["the moov is in front", bytes(FTYP, moov(mvhd(1), VIDEO_TRAK), box("mdat", zeros(9)))],
    ["there is no moov", bytes(FTYP, box("mdat", zeros(9)))],
    ["there is no media", bytes(FTYP, moov(mvhd(1), VIDEO_TRAK))],
    ["it is no MP4 at all", zeros(100)],
    ["the film is fragmented", bytes(FTYP, box("mdat", zeros(9)), moov(mvhd(1), VIDEO_TRAK, box("mvex")))],
    ["there are fragments in front", bytes(FTYP, box("moof"), box("mdat"), moov(mvhd(1), VIDEO_TRAK, box("mvex")))],
  ])("is not there if %s", async (_title, file) => {
    expect(await layoutOf(file)).toBeUndefined();
  });

  it.each([
    { chunkOffset: 0xffff_ffff - 100, isMoved: false },
    { chunkOffset: 0xffff_ffff - 1000, isMoved: true },
  ])("is not there if an offset like $chunkOffset no longer fits", async ({ chunkOffset, isMoved }) => {
    const movie = withOffsets(fullBox("stco", u32(1), u32(chunkOffset)));
    const mediaLength = 0xffff_ffff - FTYP.length;
    const head = bytes(FTYP, u32(mediaLength), "mdat");
    const layout = await fastStartLayout(sparse(FTYP.length + mediaLength, head, movie), never);
    expect(layout !== undefined).toBe(isMoved);
  });

  it.each<[string, Uint8Array]>([
    ["cut off", FILM.subarray(0, -10)],
    ["larger than any", bytes(FTYP, box("mdat"), u32(2 ** 30), "moov", zeros(100))],
  ])("is an error if it is %s", async (_title, file) => {
    await expect(layoutOf(file)).rejects.toMatchObject({ code: "damaged_media" });
  });

  it("costs a read at either end", async () => {
    const source = new MemorySource(corpusFile("mp4/h265_bframes.mp4"));
    await fastStartLayout(source, never);
    expect(source.reads.length).toBeLessThanOrEqual(2);
  });
});

async function packetsOf(file: Uint8Array): Promise<unknown[]> {
  const { packets } = await demux(await openIsobmff(new MemorySource(file), never), file);
  return packets.map(({ data, ...packet }) => ({ ...packet, data: Buffer.from(data).toString("base64") }));
}

function mdatEnd(film: Uint8Array): number {
  return FTYP.length + Buffer.from(film).readUInt32BE(FTYP.length);
}

/** The offsets in the moov are wrong by the length of the box, as they are before and after. */
function insertedBehindFtyp(film: Uint8Array, inserted: Uint8Array): Uint8Array {
  return bytes(film.subarray(0, FTYP.length), inserted, film.subarray(FTYP.length));
}

/** A file of zeros between a head, and a tail that starts at `tailOffset`. */
function sparse(tailOffset: number, head: Uint8Array, tail: Uint8Array) {
  const sizeBytes = tailOffset + tail.length;
  const readAt = async (offset: number, length: number): Promise<Uint8Array> => {
    const result = zeros(Math.min(length, sizeBytes - offset));
    if (offset < head.length) result.set(head.subarray(offset));
    const tailFrom = Math.max(offset, tailOffset);
    if (offset + result.length > tailOffset) result.set(tail.subarray(tailFrom - tailOffset), tailFrom - offset);
    return result;
  };
  return { sizeBytes, readAt };
}

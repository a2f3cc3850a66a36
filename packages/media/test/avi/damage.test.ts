import { describe, expect, it } from "vitest";
import { openAvi } from "../../src/index.ts";
import { bytes, chunk, u32le, zeros } from "../support/build.ts";
import { demux } from "../support/demux.ts";
import { MemorySource, never } from "../support/memory-source.ts";
import { aviFilm, BYTES_OF_MP3, FRAMES_OF_MP3, PICTURES, soundChunk } from "./film.ts";
import {
  base64,
  COUNT,
  dataOf,
  FRAMES,
  filmOfBytes,
  filmOfFrames,
  interleaved,
  MP3,
  ofTrack,
  open,
  pictures,
} from "./four-seconds.ts";

describe("Damage", () => {
  it.each([
    ["zeros", (): number => 0],
    ["other bytes", (place: number): number => (place * 89 + 7) & 0xff],
  ])("loses little to a hole of %s", async (_title, byteAt) => {
    const whole = filmOfBytes({ index: "none" });
    const file = whole.slice();
    const middle = file.length >> 1;
    for (let place = middle; place < middle + 3000; place += 1) file[place] = byteAt(place);
    const { packets } = await demux(await open(file), file);
    const sent = new Set(base64([...FRAMES, ...pictures.map(({ data }) => data)]));
    const intact = dataOf(packets).filter((data) => sent.has(data));
    expect(intact.length).toBeGreaterThan(0.9 * sent.size);
    expect(packets.length - intact.length).toBeLessThan(8);
    const last = ofTrack(packets, 1).at(-1)!;
    expect(Buffer.from(last.data).equals(pictures.at(-1)!.data)).toBe(true);
  });

  it("of the index is told by the chunks that are not there", async () => {
    const file = filmOfBytes();
    const at = Buffer.from(file).lastIndexOf("idx1") + 8;
    for (let entry = 0; entry < 10; entry += 1) file.set(u32le(77), at + 16 * entry + 8);
    const demuxer = await open(file);
    expect(await demuxer.keyIndex(never)).toBeUndefined();
    expect((await demux(demuxer, file)).packets.length).toBe(COUNT + FRAMES.length);
  });

  it("of entries in the middle leaves them out", async () => {
    const file = filmOfFrames();
    const at = Buffer.from(file).lastIndexOf("idx1") + 8;
    file.set(u32le(0xfff_ffff), at + 16 * 100 + 8);
    const demuxer = await open(file);
    const [entry] = (await demuxer.keyIndex(never))!;
    const { packets } = await demux(demuxer, file, { stretch: { from: entry, to: undefined } });
    expect(packets.length).toBe(COUNT + FRAMES.length - 1);
  });

  it.each([
    ["has no size, as its writer was stopped", (file: Buffer) => file.writeUInt32LE(0, file.indexOf("movi") - 4)],
    ["claims more than the file has", (file: Buffer) => file.writeUInt32LE(0x7fff_fff0, file.indexOf("movi") - 4)],
  ])("of the list of media, which %s, does no harm", async (_title, damage) => {
    const file = filmOfBytes({ index: "none" });
    damage(Buffer.from(file.buffer, file.byteOffset, file.length));
    const demuxer = await open(file);
    expect(await demuxer.keyIndex(never)).toBeUndefined();
    expect((await demux(demuxer, file)).packets.length).toBe(COUNT + FRAMES.length);
  });

  it("that takes all media away leaves nothing", async () => {
    const file = filmOfBytes();
    const { packets } = await demux(await open(file.subarray(0, Buffer.from(file).indexOf("movi") - 8)), file);
    expect(packets).toEqual([]);
  });

  it("to a frame of sound costs that frame", async () => {
    const data = MP3.slice();
    data.fill(0x11, 384 * 50, 384 * 50 + 300);
    const file = aviFilm([PICTURES, BYTES_OF_MP3], interleaved(data, 640, 640));
    const heard = ofTrack((await demux(await open(file), file)).packets, 2);
    expect(dataOf(heard)).toEqual(base64(FRAMES.filter((_, number) => number !== 50)));
    expect(heard[50]?.ptsTicks).toBe(51 * 1152);
  });

  it("ends the film where the file ends", async () => {
    const file = filmOfBytes();
    const end = Math.floor(file.length * 0.6);
    const { packets } = await demux(await open(file), file.subarray(0, end));
    expect(packets.length).toBeGreaterThan(140);
    expect(packets.length).toBeLessThan(170);
  });
});

describe("The index", () => {
  it("has a place each second where all pictures are keyframes, or there is only sound", async () => {
    const still = aviFilm(
      [PICTURES],
      pictures.map((item) => ({ ...item, isKeyframe: true })),
    );
    expect((await (await open(still)).keyIndex(never))?.map(({ timeSeconds }) => timeSeconds)).toEqual([0, 1, 2, 3]);
    const chunks = FRAMES.map((data) => soundChunk(data, 0));
    const heard = (await (await open(aviFilm([FRAMES_OF_MP3], chunks))).keyIndex(never))!;
    expect(heard.map(({ timeSeconds }) => Math.floor(timeSeconds))).toEqual([0, 1, 2, 3]);
  });

  it("is missing where it lists no keyframe, or nothing at all", async () => {
    const none = aviFilm(
      [PICTURES],
      pictures.map((item) => ({ ...item, isKeyframe: false })),
    );
    expect(await (await open(none)).keyIndex(never)).toBeUndefined();
    expect(await (await open(aviFilm([PICTURES], []))).keyIndex(never)).toBeUndefined();
  });

  it("is found behind a filler", async () => {
    const file = filmOfBytes();
    const at = Buffer.from(file).lastIndexOf("idx1");
    const filled = bytes(file.subarray(0, at), chunk("JUNK", zeros(1111)), file.subarray(at));
    expect((await (await open(filled)).keyIndex(never))?.length).toBe(10);
  });

  it("rejects with what the source rejects with", async () => {
    const source = new MemorySource(filmOfBytes());
    const demuxer = await openAvi(source, never);
    const reason = new Error("closed");
    await expect(demuxer.keyIndex({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect((await demuxer.keyIndex(never))?.length).toBe(10);
  });
});

import { describe, expect, it } from "vitest";
import { readMediaInfo } from "../../src/index.ts";
import { bytes, fromHex, u16le, u24, u32, u32le, zeros } from "../support/build.ts";
import { describeTracks } from "../support/describe-track.ts";
import { MemorySource, never } from "../support/memory-source.ts";

const BEGINNING = 2;

function page(flags: number, packet: Uint8Array): Uint8Array {
  const segments = Array.from({ length: Math.floor(packet.length / 255) + 1 }, (_, index) =>
    Math.min(255, packet.length - 255 * index),
  );
  return bytes("OggS", 0, flags, zeros(20), segments.length, ...segments, packet);
}

const begin = (...parts: (number | string | Uint8Array)[]): Uint8Array => page(BEGINNING, bytes(...parts));
const DATA = page(0, zeros(1000));

const THEORA = begin("\x80theora", 3, 2, 1, zeros(4), u24(854), u24(480), 0, 0, u32(30_000), u32(1001), zeros(10));
const VORBIS = begin("\x01vorbis", u32le(0), 2, u32le(44_100), zeros(14));
const OPUS = begin("OpusHead", 1, 6, u16le(312), u32le(44_100), zeros(10));
const FLAC = begin(
  "\x7fFLAC",
  1,
  0,
  zeros(2),
  "fLaC",
  zeros(4),
  fromHex("1000 1000 000000 000000 0ac442f0 00"),
  zeros(20),
);
const SPEEX = begin("Speex   ", zeros(20), u32le(1), u32le(80), u32le(16_000), zeros(8), u32le(1), zeros(24));
const SKELETON = begin("fishead\0", zeros(56));

const probe = (file: Uint8Array) => readMediaInfo(new MemorySource(file), never);

describe("an Ogg file", () => {
  it.each([
    { title: "Theora", first: THEORA, track: "video 0: theora (theora) 854x480 29.970fps" },
    { title: "Vorbis", first: VORBIS, track: "audio 0: vorbis (vorbis) vorbis 2ch 44100Hz" },
    { title: "Opus", first: OPUS, track: "audio 0: opus (OpusHead) opus 6ch 48000Hz" },
    { title: "FLAC", first: FLAC, track: "audio 0: flac (FLAC) flac 2ch 44100Hz" },
    { title: "Speex", first: SPEEX, track: "audio 0: speex (Speex) 1ch 16000Hz" },
  ])("tells that it holds $title", async ({ first, track }) => {
    const info = await probe(bytes(first, DATA));
    expect(info).toMatchObject({ container: "ogg", durationSeconds: undefined, keyIndex: undefined });
    expect(describeTracks(info)).toEqual([track]);
  });

  it("lists the streams that begin together, without those of metadata", async () => {
    expect(describeTracks(await probe(bytes(SKELETON, THEORA, VORBIS, DATA, OPUS)))).toEqual([
      "video 0: theora (theora) 854x480 29.970fps",
      "audio 0: vorbis (vorbis) vorbis 2ch 44100Hz",
    ]);
  });

  it("is read only as far as streams begin", async () => {
    const source = new MemorySource(bytes(VORBIS, ...Array.from({ length: 1000 }, () => DATA)));
    await readMediaInfo(source, never);
    expect(source.touchedBytes).toBeLessThanOrEqual(32 * 1024);
  });

  it("begins at most 128 streams", async () => {
    const source = new MemorySource(bytes(...Array.from({ length: 5000 }, () => SPEEX)));
    expect((await readMediaInfo(source, never)).tracks.length).toBe(128);
    expect(source.touchedBytes).toBeLessThanOrEqual(64 * 1024);
  });

  it.each([
    { title: "a first page that begins nothing", file: DATA },
    { title: "a first page that is cut off", file: THEORA.subarray(0, -5) },
    { title: "a Vorbis header that is cut off", file: begin("\x01vorbis", zeros(3)) },
    { title: "a Theora header that is cut off", file: begin("\x80theora", zeros(10)) },
    { title: "segments that are cut off", file: bytes("OggS", 0, 2, zeros(20), 200, zeros(10)) },
  ])("is damaged by $title", async ({ file }) => {
    await expect(probe(file)).rejects.toMatchObject({ code: "damaged_media" });
  });
});

import { describe, expect, it } from "vitest";
import { readMediaInfo } from "../../src/index.ts";
import { bytes, fromHex, u16, zeros } from "../support/build.ts";
import { describeTracks } from "../support/describe-track.ts";
import { MemorySource, never } from "../support/memory-source.ts";

const PMT_PID = 0x1000;

/** One packet with the payload, filled up with 0xff; `pointer` 0 in front if a section starts. */
function packet(pid: number, payload: Uint8Array, startsUnit = true): Uint8Array {
  const head = bytes(0x47, u16((startsUnit ? 0x4000 : 0) | pid), 0x10, ...(startsUnit ? [0] : []));
  return bytes(head, payload, zeros(188 - head.length - payload.length).fill(0xff));
}

function section(tableId: number, body: Uint8Array): Uint8Array {
  return bytes(tableId, u16(0xb000 | (5 + body.length + 4)), u16(1), 0xc1, 0, 0, body, zeros(4));
}

const PAT = section(0, bytes(u16(0), u16(0xe010), u16(1), u16(0xe000 | PMT_PID)));

const descriptor = (tag: number, content: string | Uint8Array): Uint8Array =>
  bytes(tag, bytes(content).length, content);

/** Each has a PID of its own. */
let pid = 0x100;

function stream(type: number, ...descriptors: Uint8Array[]): Uint8Array {
  const all = bytes(...descriptors);
  pid += 1;
  return bytes(type, u16(0xe000 | pid), u16(0xf000 | all.length), all);
}

function pmt(streams: readonly Uint8Array[], programInfo = bytes()): Uint8Array {
  return section(2, bytes(u16(0xe100), u16(0xf000 | programInfo.length), programInfo, ...streams));
}

/** PAT, PMT over as many packets as it takes, and enough fillers to be a transport stream. */
function transportStream(table: Uint8Array, fillers = 5): Uint8Array {
  const packets = [packet(0, PAT), packet(PMT_PID, table.subarray(0, 183))];
  for (let start = 183; start < table.length; start += 184) {
    packets.push(packet(PMT_PID, table.subarray(start, start + 184), false));
  }
  for (let count = 0; count < fillers; count += 1) packets.push(packet(0x1fff, bytes()));
  return bytes(...packets);
}

const probe = (file: Uint8Array) => readMediaInfo(new MemorySource(file), never);
const tracksOf = async (...streams: Uint8Array[]) => describeTracks(await probe(transportStream(pmt(streams))));

const LANGUAGE = (code: string) => descriptor(0x0a, bytes(code, 0));

describe("a transport stream", () => {
  it.each([
    [0x01, "video 0: mpeg1 (0x01)"],
    [0x02, "video 0: mpeg2 (0x02)"],
    [0x10, "video 0: mpeg4 (0x10)"],
    [0x1b, "video 0: h264 (0x1b)"],
    [0x24, "video 0: hevc (0x24)"],
    [0xea, "video 0: vc1 (0xea)"],
    [0x04, "audio 0: mp2 (0x04)"],
    [0x0f, "audio 0: aac (0x0f)"],
    [0x11, "audio 0: aac (0x11)"],
    [0x81, "audio 0: ac3 (0x81) ac-3"],
    [0x87, "audio 0: eac3 (0x87) ec-3"],
    [0x90, "subtitle 0: pgs (0x90)"],
  ])("knows stream type %d", async (type, expected) => {
    expect(await tracksOf(stream(type))).toEqual([expected]);
  });

  it.each([
    ["AC-3", "audio 0: ac3 (AC-3) ac-3"],
    ["EAC3", "audio 0: eac3 (EAC3) ec-3"],
    ["DTS2", "audio 0: dts (DTS2) dtsc"],
    ["Opus", "audio 0: opus (Opus) opus"],
    ["AV01", "video 0: av1 (AV01)"],
  ])("knows private streams registered as %s", async (registration, expected) => {
    expect(await tracksOf(stream(0x06, descriptor(0x05, registration)))).toEqual([expected]);
  });

  it.each([
    [descriptor(0x6a, fromHex("00")), "audio 0: ac3 (0x06) ac-3"],
    [descriptor(0x7a, fromHex("00")), "audio 0: eac3 (0x06) ec-3"],
    [descriptor(0x7b, fromHex("00")), "audio 0: dts (0x06) dtsc"],
    [descriptor(0x7f, fromHex("8002")), "audio 0: opus (0x06) opus"],
    [descriptor(0x59, bytes("deu", zeros(5))), "subtitle 0: dvb (0x06) [deu]"],
    [descriptor(0x56, bytes("swe", zeros(2))), "subtitle 0: unknown (0x06) [swe]"],
  ])("knows private streams by DVB descriptor %#", async (dvb, expected) => {
    expect(await tracksOf(stream(0x06, dvb))).toEqual([expected]);
  });

  it("leaves out streams of data", async () => {
    expect(
      await tracksOf(stream(0x05), stream(0x06), stream(0x06, descriptor(0x7f, fromHex("06"))), stream(0x86)),
    ).toEqual([]);
  });

  it("knows what Blu-ray means by its own stream types", async () => {
    const file = transportStream(
      pmt(
        [0x1b, 0x80, 0x82, 0x83, 0x86].map((type) => stream(type)),
        descriptor(0x05, "HDMV"),
      ),
    );
    expect(describeTracks(await probe(file))).toEqual([
      "video 0: h264 (0x1b)",
      "audio 0: pcm (0x80)",
      "audio 1: dts (0x82) dtsc",
      "audio 2: truehd (0x83) mlpa",
      "audio 3: dts (0x86) dtsc",
    ]);
  });

  it("reads languages, and a program map that spans several packets", async () => {
    const languages = ["eng", "fra", "deu", "ita", "spa", "por"];
    const padding = descriptor(0xc0, zeros(100));
    expect(await tracksOf(...languages.map((code) => stream(0x0f, padding, LANGUAGE(code))))).toEqual(
      languages.map((code, index) => `audio ${index}: aac (0x0f) [${code}]`),
    );
  });

  it("is read from packets with timestamps in front (M2TS)", async () => {
    const plain = transportStream(pmt([stream(0x1b)]));
    const stamped = Array.from({ length: plain.length / 188 }, (_, index) =>
      bytes(zeros(4), plain.subarray(188 * index, 188 * (index + 1))),
    );
    expect(describeTracks(await probe(bytes(...stamped)))).toEqual(["video 0: h264 (0x1b)"]);
  });

  it("skips adaptation fields and packets in error", async () => {
    const good = packet(PMT_PID, pmt([stream(0x1b)]));
    const broken = Uint8Array.from(packet(PMT_PID, pmt([stream(0x02)])));
    broken[1]! |= 0x80;
    const adapted = bytes(0x47, u16(0x4000), 0x30, 7, zeros(7), 0, PAT, zeros(188 - 13 - PAT.length).fill(0xff));
    const fillers = Array.from({ length: 4 }, () => packet(0x1fff, bytes()));
    expect(describeTracks(await probe(bytes(adapted, broken, good, ...fillers)))).toEqual(["video 0: h264 (0x1b)"]);
  });

  it("is read no further than its program map if that names no picture and no sound", async () => {
    const source = new MemorySource(transportStream(pmt([stream(0x90)]), 5_000));
    await readMediaInfo(source, never);
    expect(source.touchedBytes).toBeLessThanOrEqual(48 * 1024);
  });

  it("is searched for eight mebibytes at most for pictures that never come, and two for sound", async () => {
    const [picture, sound] = await Promise.all(
      [0x1b, 0x0f].map(async (type) => {
        const source = new MemorySource(transportStream(pmt([stream(type)]), 100_000));
        await readMediaInfo(source, never);
        return source.touchedBytes / 1024 / 1024;
      }),
    );
    // And the end, for the duration.
    expect(picture).toBeLessThan(9.3);
    expect(sound).toBeLessThan(3.3);
  });

  it.each([
    { title: "no tables", file: bytes(...Array.from({ length: 30 }, () => packet(0x100, bytes()))) },
    {
      title: "a program map that never comes",
      file: bytes(packet(0, PAT), ...Array.from({ length: 30 }, () => packet(0x1fff, bytes()))),
    },
    {
      title: "a program map whose descriptors are longer than it",
      file: transportStream(section(2, bytes(u16(0xe100), u16(0xf3ff), zeros(20)))),
    },
  ])("is damaged by $title", async ({ file }) => {
    await expect(probe(file)).rejects.toMatchObject({ code: "damaged_media" });
  });

  it("is given up after two mebibytes without tables", async () => {
    const filler = packet(0x1fff, bytes());
    const source = new MemorySource(bytes(...Array.from({ length: 20_000 }, () => filler)));
    await expect(readMediaInfo(source, never)).rejects.toMatchObject({ code: "damaged_media" });
    expect(source.touchedBytes).toBeLessThanOrEqual(2 * 1024 * 1024 + 64 * 1024);
  });
});

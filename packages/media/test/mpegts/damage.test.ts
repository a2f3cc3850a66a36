import { MediaError } from "@riptide/core";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { openMpegts, type Packet } from "../../src/index.ts";
import { bytes, u16, zeros } from "../support/build.ts";
import { corpusFile } from "../support/corpus.ts";
import { demux } from "../support/demux.ts";
import { MemorySource, never } from "../support/memory-source.ts";
import { AUDIO_PID, broadcastFilm, demoPackets, pes, tables, transportFile, VIDEO_PID } from "./build-stream.ts";

const PACKET_BYTES = 188;
const described = ({ trackNumber, ptsTicks, data }: Packet): string =>
  `${trackNumber} ${ptsTicks} ${Buffer.from(data).toString("base64")}`;

async function packetsOf(file: Uint8Array): Promise<Packet[]> {
  return (await demux(await openMpegts(new MemorySource(file), never), file)).packets;
}

describe("a damaged film", () => {
  let film: Uint8Array;
  let whole: readonly string[];

  beforeAll(async () => {
    film = (await broadcastFilm(6)).file;
    whole = (await packetsOf(film)).map(described);
  });

  const pidAt = (packet: number): number =>
    ((film[packet * PACKET_BYTES + 1]! & 31) << 8) | film[packet * PACKET_BYTES + 2]!;

  it("loses what a lost packet lay in, and nothing else is changed", async () => {
    const count = film.length / PACKET_BYTES;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 400, max: count - 200 }),
        fc.integer({ min: 1, max: 10 }),
        async (at, lost) => {
          const file = Buffer.concat([film.subarray(0, at * PACKET_BYTES), film.subarray((at + lost) * PACKET_BYTES)]);
          const left = (await packetsOf(file)).map(described);
          const known = new Set(whole);
          expect(left.filter((packet) => !known.has(packet))).toEqual([]);
          // A PES packet has seven frames of sound, and one before and one behind it reach into it.
          const pids = new Set(Array.from({ length: lost }, (_, index) => pidAt(at + index)));
          expect(whole.length - left.length).toBeLessThanOrEqual(lost * (pids.has(AUDIO_PID) ? 9 : 2));
          expect(left.length).toBeLessThan(whole.length);
        },
      ),
      { numRuns: 20 },
    );
  });

  it("is found again where bytes are missing or too many", async () => {
    const left = 700 * PACKET_BYTES;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3000 }), fc.boolean(), async (length, isMissing) => {
        const middle = isMissing ? zeros(0) : zeros(length).fill(0x47);
        const file = Buffer.concat([film.subarray(0, left), middle, film.subarray(isMissing ? left + length : left)]);
        const packets = (await packetsOf(file)).map(described);
        const known = new Set(whole);
        expect(packets.filter((packet) => !known.has(packet))).toEqual([]);
        expect(packets.length).toBeGreaterThan(whole.length - 60);
      }),
      { numRuns: 15 },
    );
  });

  it("has packets that were sent twice once", async () => {
    const at = 500 * PACKET_BYTES;
    const file = Buffer.concat([film.subarray(0, at + PACKET_BYTES), film.subarray(at)]);
    expect((await packetsOf(file)).map(described)).toEqual(whole);
  });

  it("leaves out what is marked as wrong, and what is scrambled", async () => {
    for (const [byte, flag] of [
      [1, 0x80],
      [3, 0x80],
    ] as const) {
      const file = Uint8Array.from(film);
      const at = 600 * PACKET_BYTES;
      file[at + byte]! |= flag;
      const left = (await packetsOf(file)).map(described);
      expect(left.length).toBeLessThan(whole.length);
      expect(left.filter((packet) => !whole.includes(packet))).toEqual([]);
    }
  });

  it("may leap in its counters where it says so", async () => {
    const { video } = await demoPackets(2);
    const pictures = video.packets.map((packet, index) =>
      pes({ pid: VIDEO_PID, ptsTicks: 90_000 + index * 3750, payload: bytes(0, 0, 1, packet.data.subarray(4)) }),
    );
    const file = Uint8Array.from(transportFile([...tables([[0x1b, VIDEO_PID]]), ...pictures.flat()]));
    const first = (await packetsOf(file)).length;
    for (let at = 60 * PACKET_BYTES; at < file.length; at += PACKET_BYTES)
      file[at + 3] = (file[at + 3]! & 0xf0) | ((file[at + 3]! + 5) & 15);
    expect((await packetsOf(file)).length).toBeLessThan(first);
  });
});

async function expectToCope(file: Uint8Array): Promise<void> {
  const failure = await exercise(file).catch((error: unknown) => error);
  if (failure !== undefined && !(failure instanceof MediaError)) throw failure;
}

async function exercise(file: Uint8Array): Promise<void> {
  const demuxer = await openMpegts(new MemorySource(file), never);
  const entry = await demuxer.findEntry!(1, undefined, never);
  const { packets } = await demux(demuxer, file);
  expect(packets.reduce((sum, { data }) => sum + data.length, 0)).toBeLessThanOrEqual(2 * file.length);
  for (const { ptsTicks, dtsTicks = 0 } of packets) {
    expect(Number.isSafeInteger(ptsTicks) && Number.isSafeInteger(dtsTicks)).toBe(true);
  }
  if (entry === undefined) return;
  await demux(demuxer, file, { stretch: { from: entry, to: undefined } });
  await demux(demuxer, file, { stretch: { from: undefined, to: entry } });
}

const FILES = ["ts/sample_h264_mpeg_audio.ts", "ts/sample_h265.ts"].map((path) => ({ path, file: corpusFile(path) }));

describe.each(FILES)("$path, broken", ({ file }) => {
  it("may end anywhere", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: file.length }), (length) => expectToCope(file.subarray(0, length))),
      { numRuns: 60 },
    );
  });

  it("may have any bytes changed", async () => {
    const patches = fc.array(
      fc.tuple(fc.nat({ max: file.length - 1 }), fc.uint8Array({ minLength: 1, maxLength: 20 })),
      {
        minLength: 1,
        maxLength: 12,
      },
    );
    await fc.assert(
      fc.asyncProperty(patches, async (all) => {
        const broken = Uint8Array.from(file);
        for (const [at, patch] of all) broken.set(patch.subarray(0, broken.length - at), at);
        await expectToCope(broken);
      }),
      { numRuns: 80 },
    );
  });
});

const picture = (length: number) => bytes(0, 0, 1, 0x41, zeros(length).fill(0xaa));
const fillers = (count: number) =>
  Array.from({ length: count }, () => ({ pid: 0x1fff, payload: zeros(184), startsUnit: false }));

describe("a hostile stream", () => {
  const H264_ONLY = tables([[0x1b, VIDEO_PID]]);

  it("may claim any length for a PES packet, and any header", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(
            fc.uint8Array({ minLength: 0, maxLength: 400 }),
            fc.boolean(),
            fc.constantFrom(VIDEO_PID, AUDIO_PID),
          ),
          { maxLength: 40 },
        ),
        async (payloads) => {
          const parts = payloads.map(([payload, startsUnit, pid]) => ({
            pid,
            startsUnit,
            payload: bytes(...(startsUnit ? [bytes(0, 0, 1, 0xe0)] : []), payload).subarray(0, 184),
          }));
          await expectToCope(transportFile([...tables(), ...parts, ...fillers(6)]));
        },
      ),
      { numRuns: 80 },
    );
  });

  it("may let a picture never end: no more than 16 MiB of it are kept", async () => {
    const endless = pes({ pid: VIDEO_PID, ptsTicks: 0, payload: picture(17 * 1024 * 1024) });
    const next = pes({ pid: VIDEO_PID, ptsTicks: 3600, payload: picture(100) });
    const packets = await packetsOf(transportFile([...H264_ONLY, ...endless, ...next]));
    expect(packets.map(({ data }) => data.length)).toEqual([105]);
  });

  it("may have more NAL units than any picture: that one is left out", async () => {
    const many = bytes(...Array.from({ length: 5000 }, () => bytes(0, 0, 1, 0x41)));
    const parts = [many, picture(50)].flatMap((payload, index) =>
      pes({ pid: VIDEO_PID, ptsTicks: index * 3600, payload }),
    );
    expect(await packetsOf(transportFile([...H264_ONLY, ...parts, ...fillers(5)]))).toHaveLength(1);
  });

  it("may list any number of programs and tracks", async () => {
    const streams = Array.from({ length: 190 }, (_, index) => [0x0f, 0x200 + index] as [number, number]);
    const [, map] = tables(streams);
    const split = [0, 1, 2, 3, 4, 5].map((index) => ({
      pid: map!.pid,
      startsUnit: index === 0,
      payload: map!.payload.subarray(index * 184, (index + 1) * 184),
    }));
    const file = transportFile([tables()[0]!, ...split, ...fillers(10)]);
    const demuxer = await openMpegts(new MemorySource(file), never);
    expect(demuxer.tracks).toHaveLength(128);
  });

  it("may never end its program map", async () => {
    const [association] = tables();
    const endless = Array.from({ length: 20_000 }, (_, index) => ({
      pid: 0x1000,
      startsUnit: index === 0,
      payload: index === 0 ? bytes(0, 2, u16(0xbfff), zeros(180)) : zeros(184).fill(0xff),
    }));
    const source = new MemorySource(transportFile([association!, ...endless]));
    await expect(openMpegts(source, never)).rejects.toMatchObject({ code: "damaged_media" });
    expect(source.touchedBytes).toBeLessThan(3 * 1024 * 1024);
  });

  it("is no other file", async () => {
    await expect(openMpegts(new MemorySource(corpusFile("mkv/sample.mkv")), never)).rejects.toMatchObject({
      code: "damaged_media",
    });
  });
});

import { describe, expect, it } from "vitest";
import { bytes, chunk, zeros } from "../support/build.ts";
import { demux } from "../support/demux.ts";
import { never } from "../support/memory-source.ts";
import {
  aviFilm,
  bitmap,
  FRAMES_OF_MP3,
  mp3Frame,
  PICTURES,
  picture,
  sound,
  soundChunk,
  strh,
  type TestChunk,
  type TestStream,
  wave,
} from "./film.ts";
import { filmOfPcm, open, timesOf } from "./four-seconds.ts";

const firstTimes = async (stream: TestStream) => {
  const chunks = [1, 2, 3, 4].map((number) => soundChunk(mp3Frame(number), 0));
  const file = aviFilm([stream], chunks);
  const demuxer = await open(file);
  const { packets } = await demux(demuxer, file);
  return { timescale: demuxer.tracks[0]!.timescale, pts: packets.map(({ ptsTicks }) => ptsTicks) };
};

describe("Times", () => {
  it.each([
    { title: "the rate of the file", header: strh("vids", "DIV3", 1001, 24_000, 1), timescale: 24_000, step: 1001 },
    {
      title: "the main header, if there is none",
      header: strh("vids", "DIV3", 0, 0, 1),
      period: 40_000,
      timescale: 1e6,
      step: 40_000,
    },
    { title: "25 a second, if nobody tells", header: strh("vids", "DIV3", 0, 0, 1), timescale: 25, step: 1 },
    {
      title: "what the stream starts with",
      header: strh("vids", "DIV3", 1, 25, 1, { start: 50 }),
      timescale: 25,
      step: 1,
      first: 50,
    },
    {
      title: "0, if it says that it starts after an hour",
      header: strh("vids", "DIV3", 1, 25, 1, { start: 90_001 }),
      timescale: 25,
      step: 1,
    },
  ])("of pictures count by $title", async ({ header, timescale, step, first = 0, period = 0 }) => {
    const chunks = [1, 2, 3].map((number) => picture(number));
    const file = aviFilm([{ header, format: bitmap("DIV3") }], chunks, { framePeriodMicroseconds: period });
    const demuxer = await open(file);
    const { packets } = await demux(demuxer, file);
    expect(demuxer.tracks[0]).toMatchObject({ number: 1, timescale, packetTicks: step });
    expect(packets.map(({ ptsTicks, durationTicks }) => [ptsTicks, durationTicks])).toEqual(
      [0, 1, 2].map((number) => [first + number * step, step]),
    );
  });

  it("go on over pictures without a byte, and not over changes of the palette", async () => {
    const palette: TestChunk = { stream: 0, kind: "pc", data: zeros(8) };
    const chunks = [picture(0), picture(1, 0), palette, picture(2), picture(3, 0), picture(4)];
    const file = aviFilm([PICTURES], chunks);
    const demuxer = await open(file);
    const [entry] = (await demuxer.keyIndex(never))!;
    for (const from of [undefined, entry]) {
      const { packets } = await demux(demuxer, file, { stretch: { from, to: undefined } });
      expect(packets.map(({ ptsTicks }) => ptsTicks)).toEqual([0, 2, 4]);
    }
  });

  it.each([
    {
      title: "by their bytes",
      stream: {
        header: strh("auds", "\0\0\0\0", 1, 16_000, 9, { sampleSize: 1 }),
        format: sound({ tag: 0x55, bytesPerSecond: 16_000, blockBytes: 1 }),
      },
    },
    {
      title: "by the size of a block, where that of a sample makes no sense",
      stream: {
        header: strh("auds", "\0\0\0\0", 384, 16_000, 9, { sampleSize: 1 }),
        format: sound({ tag: 0x55, bytesPerSecond: 16_000, blockBytes: 384 }),
      },
    },
    {
      title: "by the size of a sample, where that of a block makes no sense",
      stream: {
        header: strh("auds", "\0\0\0\0", 1, 16_000, 9, { sampleSize: 1 }),
        format: sound({ tag: 0x55, bytesPerSecond: 16_000, blockBytes: 1152 }),
      },
    },
    {
      title: "by their chunks",
      stream: {
        header: strh("auds", "\0\0\0\0", 1152, 48_000, 9),
        format: sound({ tag: 0x55, bytesPerSecond: 16_000, blockBytes: 1152 }),
      },
    },
    {
      title: "by their chunks, where a block is too short to be one",
      stream: {
        header: strh("auds", "\0\0\0\0", 1152, 48_000, 9),
        format: sound({ tag: 0x55, bytesPerSecond: 16_000, blockBytes: 1 }),
      },
    },
    {
      title: "by their chunks, where nothing is said of blocks",
      stream: {
        header: strh("auds", "\0\0\0\0", 1152, 48_000, 9),
        format: sound({ tag: 0x55, bytesPerSecond: 0, blockBytes: 0 }),
      },
    },
  ])("of sound count $title", async ({ stream }) => {
    expect(await firstTimes(stream)).toEqual({ timescale: 48_000, pts: [0, 1152, 2304, 3456] });
  });

  it("of several frames in one chunk follow each other, and long chunks count as several", async () => {
    const stream = {
      header: strh("auds", "\0\0\0\0", 1152, 48_000, 9),
      format: sound({ tag: 0x55, bytesPerSecond: 16_000, blockBytes: 400 }),
    };
    const pairs = [0, 2, 4].map((number) => soundChunk(bytes(mp3Frame(number), mp3Frame(number + 1)), 0));
    const file = aviFilm([stream], pairs);
    const { packets } = await demux(await open(file), file);
    expect(timesOf(packets).map(([pts]) => pts)).toEqual([0, 1152, 2304, 3456, 4608, 5760]);
  });

  it("of a sound that is not cut into frames are those of its chunks", async () => {
    const stream = {
      header: strh("auds", "\0\0\0\0", 2048, 48_000, 9),
      format: sound({ tag: 0x161, bytesPerSecond: 16_000, blockBytes: 700 }),
    };
    const file = aviFilm(
      [stream],
      [1, 2, 3].map((number) => soundChunk(new Uint8Array(number === 2 ? 1400 : 700), 0)),
    );
    const { packets } = await demux(await open(file), file);
    expect(packets.map(({ ptsTicks, durationTicks }) => [ptsTicks, durationTicks])).toEqual([
      [0, 2048],
      [2048, 4096],
      [6144, 2048],
    ]);
  });
});

describe("Tracks", () => {
  it("keep the format of the file in its own words, and count from 1", async () => {
    const extra = bytes(1, 2, 3, 4);
    const streams = [
      { header: strh("mids", "", 1, 1, 1), format: chunk("strf") },
      { header: PICTURES.header, format: bitmap("XVID", 360, extra) },
      { header: FRAMES_OF_MP3.header, format: wave(0x55, extra) },
    ];
    const { tracks } = await open(aviFilm(streams, []));
    expect(tracks.map(({ number, track: { kind } }) => [number, kind])).toEqual([
      [2, "video"],
      [3, "audio"],
    ]);
    expect(tracks[0]?.microsoftFormat).toEqual(bitmap("XVID", 360, extra).subarray(8));
    expect(tracks[1]?.microsoftFormat).toEqual(wave(0x55, extra).subarray(8));
    expect(tracks.every(({ configuration }) => configuration.length === 0)).toBe(true);
  });

  it("of AAC without headers have the configuration that the format ends with", async () => {
    const aac = { header: strh("auds", "\0\0\0\0", 1024, 48_000, 1), format: wave(0xff, bytes(0x11, 0x90)) };
    const { tracks } = await open(aviFilm([aac], []));
    expect(tracks[0]).toMatchObject({ configuration: bytes(0x11, 0x90), timescale: 48_000, packetTicks: 1024 });
  });

  it("of PCM tell how its values lie", async () => {
    const { tracks } = await open(filmOfPcm(7680));
    expect(tracks[1]?.pcm).toEqual({ kind: "signed", byteOrder: "little", bitsPerSample: 16 });
    expect(tracks[0]?.pcm).toBeUndefined();
  });

  it("are at most as many as two digits tell apart", async () => {
    const { tracks } = await open(aviFilm(Array(110).fill(PICTURES), []));
    expect(tracks.length).toBe(100);
  });
});

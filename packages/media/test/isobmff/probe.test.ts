import { describe, expect, it } from "vitest";
import { type MediaInfo, readMediaInfo } from "../../src/index.ts";
import { box, bytes, fromHex, u16, u32, u64, zeros } from "../support/build.ts";
import { describeTracks } from "../support/describe-track.ts";
import { MemorySource, never } from "../support/memory-source.ts";
import {
  audioEntry,
  esds,
  FTYP,
  fullBox,
  moov,
  mvhd,
  quickTimeAudioEntry,
  type TrakOptions,
  trak,
  VIDEO_TRAK,
  videoEntry,
} from "./film.ts";

const MOVIE = moov(mvhd(5000), VIDEO_TRAK);
const MDAT = box("mdat", zeros(100));

const probe = (file: Uint8Array): Promise<MediaInfo> => readMediaInfo(new MemorySource(file), never);
const tracksOf = async (...traks: Uint8Array[]): Promise<string[]> =>
  describeTracks(await probe(bytes(FTYP, moov(mvhd(0), ...traks))));

describe("the walk through an MP4 file", () => {
  it.each([
    { title: "moov first", file: bytes(FTYP, MOVIE, MDAT), isFastStart: true, moovAt: FTYP.length },
    { title: "moov last", file: bytes(FTYP, MDAT, MOVIE), isFastStart: false, moovAt: FTYP.length + 108 },
    {
      title: "fillers and unknown boxes between",
      file: bytes(FTYP, box("free", zeros(20)), box("uuid", zeros(99)), MDAT, box("wide"), MOVIE),
      isFastStart: false,
      moovAt: FTYP.length + 28 + 107 + 108 + 8,
    },
    { title: "no ftyp at all, as in old QuickTime", file: bytes(MDAT, MOVIE), isFastStart: false, moovAt: 108 },
    {
      title: "a moov that goes on to the end of the file (size 0)",
      file: bytes(FTYP, MDAT, u32(0), MOVIE.subarray(4)),
      isFastStart: false,
      moovAt: FTYP.length + 108,
    },
    {
      title: "64-bit sizes",
      file: bytes(FTYP, u32(1), "mdat", u64(116), zeros(100), u32(1), "moov", u64(MOVIE.length + 8), MOVIE.subarray(8)),
      isFastStart: false,
      moovAt: FTYP.length + 116,
    },
  ])("finds the movie behind $title", async ({ file, isFastStart, moovAt }) => {
    expect(await probe(file)).toMatchObject({
      container: "mp4",
      durationSeconds: 5,
      isFastStart,
      keyIndex: { kind: "stss", startByte: moovAt },
    });
  });

  it("steps over eight gigabytes of media in two reads", async () => {
    const mediaBytes = 8 * 2 ** 30;
    const head = bytes(FTYP, u32(1), "mdat", u64(mediaBytes));
    const tail = bytes(MOVIE);
    const tailAt = FTYP.length + mediaBytes;
    const asked: number[] = [];
    const info = await readMediaInfo(
      {
        sizeBytes: tailAt + tail.length,
        readAt: async (offset, length) => {
          asked.push(offset);
          const result = zeros(Math.min(length, tailAt + tail.length - offset));
          if (offset < head.length) result.set(head.subarray(offset));
          if (offset + result.length > tailAt) result.set(tail, tailAt - offset);
          return result;
        },
      },
      never,
    );
    expect(info).toMatchObject({ durationSeconds: 5, isFastStart: false });
    expect(asked).toEqual([0, Math.floor(tailAt / 16_384) * 16_384]);
  });

  it.each([
    { title: "no moov", file: bytes(FTYP, MDAT) },
    { title: "a moov that goes on beyond the file", file: bytes(FTYP, MDAT, MOVIE).subarray(0, -10) },
    { title: "a moov of a gigabyte", file: bytes(FTYP, u32(2 ** 30), "moov", zeros(100)) },
    { title: "media that goes on to the end of the file", file: bytes(FTYP, u32(0), "mdat", MOVIE) },
    { title: "a box of size 7", file: bytes(FTYP, u32(7), "free", MOVIE) },
    { title: "a 64-bit size that does not cover its header", file: bytes(FTYP, u32(1), "free", u64(15), MOVIE) },
    { title: "a 64-bit size beyond every file", file: bytes(FTYP, u32(1), "free", zeros(8).fill(0xff), MOVIE) },
    { title: "hundreds of boxes in front of its movie", file: bytes(FTYP, ...Array(200).fill(box("free")), MOVIE) },
    {
      title: "a media header that is cut off",
      file: bytes(FTYP, moov(mvhd(1), box("trak", box("mdia", box("mdhd"))))),
    },
    { title: "a movie header that is cut off", file: bytes(FTYP, moov(box("mvhd", zeros(8)), VIDEO_TRAK)) },
    { title: "a sample entry that is cut off", file: bytes(FTYP, moov(trak({ handler: "vide", entry: box("avc1") }))) },
  ])("is damaged by $title", async ({ file }) => {
    const source = new MemorySource(file, { sizeBytes: file.length });
    await expect(readMediaInfo(source, never)).rejects.toMatchObject({ code: "damaged_media" });
  });
});

const sidx = (version: number, ...durations: number[]): Uint8Array =>
  box(
    "sidx",
    version,
    zeros(3),
    u32(1),
    u32(1000),
    zeros(version === 0 ? 8 : 16),
    zeros(2),
    u16(durations.length),
    ...durations.flatMap((duration) => [u32(100), u32(duration), u32(0)]),
  );
const fragmented = (mehd: Uint8Array) => moov(mvhd(0), trak({ handler: "vide" }), box("mvex", mehd));

describe("the duration of an MP4 file", () => {
  const MOOF = box("moof", zeros(50));

  it.each([
    { title: "mvhd", movie: moov(mvhd(90_000, 45_000), VIDEO_TRAK), seconds: 2 },
    {
      title: "a 64-bit mvhd",
      movie: moov(box("mvhd", 1, zeros(3), zeros(16), u32(1000), u64(2 ** 33), zeros(80)), VIDEO_TRAK),
      seconds: 2 ** 33 / 1000,
    },
    { title: "mehd", movie: fragmented(fullBox("mehd", u32(7000))), seconds: 7 },
    { title: "a 64-bit mehd", movie: fragmented(box("mehd", 1, zeros(3), u64(8000))), seconds: 8 },
    { title: "nothing", movie: fragmented(bytes()), seconds: undefined },
    { title: "an mvhd of all ones", movie: moov(mvhd(0xffffffff), VIDEO_TRAK), seconds: undefined },
    { title: "a timescale of zero", movie: moov(mvhd(1000, 0), VIDEO_TRAK), seconds: undefined },
    { title: "no mvhd", movie: moov(VIDEO_TRAK), seconds: undefined },
  ])("comes from $title", async ({ movie, seconds }) => {
    expect((await probe(bytes(FTYP, movie, MDAT))).durationSeconds).toBe(seconds);
  });

  it.each([0, 1])("comes from a segment index of version %d, which is also the key index", async (version) => {
    const movie = fragmented(bytes());
    const info = await probe(bytes(FTYP, movie, sidx(version, 4000, 3500), MOOF, MDAT));
    expect(info.durationSeconds).toBe(7.5);
    expect(info.keyIndex).toEqual({ kind: "sidx", startByte: FTYP.length + movie.length });
    expect(info.isFastStart).toBe(true);
  });

  it("is unknown, like the key index, in fragments without either", async () => {
    const info = await probe(bytes(FTYP, fragmented(bytes()), MOOF, MDAT, sidx(0, 4000)));
    expect(info).toMatchObject({ durationSeconds: undefined, keyIndex: undefined, isFastStart: true });
  });

  it("does not read a segment index that claims more entries than it has", async () => {
    const broken = box("sidx", zeros(4), u32(1), u32(1000), zeros(8), zeros(2), u16(60_000));
    await expect(probe(bytes(FTYP, fragmented(bytes()), broken, MOOF))).rejects.toMatchObject({
      code: "damaged_media",
    });
  });
});

describe("MP4 codecs", () => {
  const HVCC = box("hvcC", fromHex("01 01 60000000 900000000000 5a"));
  const DOLBY_AC3 = box("dac3", fromHex("10 3d c0"));
  const DFLA = fullBox("dfLa", fromHex("80000022 1000 1000 000000 000000 0bb803f0 000000000000"));

  it.each([
    ["avc1", box("avcC", fromHex("01 640028 ff")), "h264 (avc1) avc1.640028"],
    ["avc3", box("avcC", fromHex("01 4d401f ff")), "h264 (avc3) avc3.4d401f"],
    ["avc1", bytes(), "h264 (avc1)"],
    ["hvc1", HVCC, "hevc (hvc1) hvc1.1.6.L90.90"],
    ["hev1", HVCC, "hevc (hev1) hev1.1.6.L90.90"],
    ["dvh1", HVCC, "hevc (dvh1) dvh1.1.6.L90.90"],
    ["av01", box("av1C", fromHex("81 4d ec 00")), "av1 (av01) av01.2.13H.12"],
    ["vp09", fullBox("vpcC", fromHex("02 1f a0 02 02 02 0000")), "vp9 (vp09) vp09.02.31.10"],
    ["vp09", fullBox("vpcC"), "vp9 (vp09)"],
    ["mp4v", esds(0x20, bytes()), "mpeg4 (mp4v)"],
    ["mp4v", esds(0x61, bytes()), "mpeg2 (mp4v)"],
    ["mp4v", bytes(), "mpeg4 (mp4v)"],
    ["vc-1", bytes(), "vc1 (vc-1)"],
    ["encv", bytes(), "unknown (encv)"],
    ["\0\x01ab", bytes(), "unknown (0x00016162)"],
  ])("knows video in %j", async (type, children, expected) => {
    const entry = videoEntry(type, children);
    expect(await tracksOf(trak({ handler: "vide", entry }))).toEqual([`video 0: ${expected} 1920x1080 default`]);
  });

  it.each([
    ["mp4a", esds(0x40, fromHex("1190")), "aac (mp4a) mp4a.40.2 2ch 48000Hz"],
    ["mp4a", esds(0x40, fromHex("2b92 0800")), "aac (mp4a) mp4a.40.5 2ch 44100Hz"],
    ["mp4a", esds(0x40, bytes()), "aac (mp4a) 2ch 44100Hz"],
    ["mp4a", esds(0x6b, bytes()), "mp3 (mp4a) mp4a.6b 2ch 44100Hz"],
    ["mp4a", esds(0xa5, bytes()), "ac3 (mp4a) ac-3 2ch 44100Hz"],
    ["mp4a", bytes(), "unknown (mp4a) 2ch 44100Hz"],
    [".mp3", bytes(), "mp3 (.mp3) mp4a.6b 2ch 44100Hz"],
    ["ac-3", DOLBY_AC3, "ac3 (ac-3) ac-3 6ch 44100Hz"],
    ["ac-3", bytes(), "ac3 (ac-3) ac-3 2ch 44100Hz"],
    ["ec-3", box("dec3", fromHex("1f40 200f 00")), "eac3 (ec-3) ec-3 6ch 44100Hz"],
    ["Opus", box("dOps", 0, 6, zeros(9)), "opus (Opus) opus 6ch 48000Hz"],
    ["fLaC", DFLA, "flac (fLaC) flac 2ch 48000Hz"],
    ["fLaC", fullBox("dfLa"), "flac (fLaC) flac 2ch 44100Hz"],
    ["alac", bytes(), "alac (alac) alac 2ch 44100Hz"],
    ["dtsc", bytes(), "dts (dtsc) dtsc 2ch 44100Hz"],
    ["mlpa", bytes(), "truehd (mlpa) mlpa 2ch 44100Hz"],
    ["sowt", bytes(), "pcm (sowt) 2ch 44100Hz"],
    ["samr", bytes(), "unknown (samr) 2ch 44100Hz"],
  ])("knows audio in %j", async (type, children, expected) => {
    const entry = audioEntry(type, children);
    expect(await tracksOf(trak({ handler: "soun", entry }))).toEqual([`audio 0: ${expected} default`]);
  });

  it("finds the configuration that QuickTime hides in a wave box", async () => {
    const entry = quickTimeAudioEntry("mp4a", box("wave", box("frma", "mp4a"), esds(0x40, fromHex("1190"))));
    expect(await tracksOf(trak({ handler: "soun", entry }))).toEqual([
      "audio 0: aac (mp4a) mp4a.40.2 2ch 48000Hz default",
    ]);
  });

  it.each([
    ["sbtl", "tx3g", "mov_text (tx3g)"],
    ["text", "text", "mov_text (text)"],
    ["text", "wvtt", "webvtt (wvtt)"],
    ["subt", "stpp", "unknown (stpp)"],
    ["subp", "mp4s", "vobsub (mp4s)"],
  ])("knows subtitles of the handler %s in %s", async (handler, type, expected) => {
    expect(await tracksOf(trak({ handler, entry: box(type, zeros(8)) }))).toEqual([`subtitle 0: ${expected} default`]);
  });
});

const firstTrack = async (options: Partial<TrakOptions>): Promise<string | undefined> =>
  (await tracksOf(trak({ handler: "sbtl", entry: box("tx3g", zeros(8)), ...options })))[0];

describe("MP4 tracks", () => {
  it.each([
    {
      title: "three packed letters",
      options: { language: 0x1a41 },
      expected: "subtitle 0: mov_text (tx3g) [fra] default",
    },
    { title: "nothing for undetermined", options: {}, expected: "subtitle 0: mov_text (tx3g) default" },
    {
      title: "nothing for a Macintosh number",
      options: { language: 2 },
      expected: "subtitle 0: mov_text (tx3g) default",
    },
    {
      title: "BCP 47 before three letters",
      options: { language: 0x1a41, inMdia: fullBox("elng", "pt-BR\0") },
      expected: "subtitle 0: mov_text (tx3g) [pt-BR] default",
    },
    {
      title: "the name in the user data",
      options: { inTrak: box("udta", box("name", "Director")) },
      expected: 'subtitle 0: mov_text (tx3g) "Director" default',
    },
    {
      title: "that all of its lines are forced",
      options: { entry: box("tx3g", zeros(8), 0x80, zeros(3)) },
      expected: "subtitle 0: mov_text (tx3g) default forced",
    },
    {
      title: "that only some of its lines are",
      options: { entry: box("tx3g", zeros(8), 0x40, zeros(3)) },
      expected: "subtitle 0: mov_text (tx3g) default",
    },
    { title: "whether it is enabled", options: { isEnabled: false }, expected: "subtitle 0: mov_text (tx3g)" },
  ])("tell $title", async ({ options, expected }) => {
    expect(await firstTrack(options)).toBe(expected);
  });

  it("tell the average frame rate of all runs", async () => {
    const info = await probe(
      bytes(
        FTYP,
        moov(
          trak({
            handler: "vide",
            entry: videoEntry("vp08"),
            timescale: 1000,
            times: [
              [10, 40],
              [10, 60],
            ],
          }),
        ),
      ),
    );
    expect(info.tracks[0]).toMatchObject({ framesPerSecond: 20 });
  });

  it("leave out chapter names and what is neither seen, heard nor read", async () => {
    const chapters = box("tref", box("chap", u32(7)));
    expect(
      await tracksOf(
        trak({ handler: "vide", entry: videoEntry("vp08"), inTrak: chapters }),
        trak({ handler: "text", entry: box("text", zeros(8)), id: 7 }),
        trak({ handler: "tmcd", entry: box("tmcd", zeros(8)), id: 8 }),
        trak({ handler: "text", entry: box("text", zeros(8)), id: 9 }),
      ),
    ).toEqual(["video 0: vp8 (vp08) vp08 1920x1080 default", "subtitle 0: mov_text (text) default"]);
  });

  it("are read in bounded time from millions of empty boxes", async () => {
    const filler = box("free");
    const crowd = zeros(4 * 1024 * 1024).map((_, index) => filler[index % 8] ?? 0);
    const info = await probe(bytes(FTYP, moov(mvhd(5000), VIDEO_TRAK, crowd)));
    expect(info.tracks.length).toBe(1);
  });

  it("are at most 128", async () => {
    const audio = trak({ handler: "soun", entry: audioEntry("mp4a") });
    expect((await probe(bytes(FTYP, moov(...Array.from({ length: 200 }, () => audio))))).tracks.length).toBe(128);
  });
});

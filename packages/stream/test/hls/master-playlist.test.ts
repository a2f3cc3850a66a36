import { InvariantError } from "@riptide/core";
import * as fc from "fast-check";
import { M3U8Parser } from "hls.js";
import { describe, expect, test } from "vitest";
import {
  type HlsAudio,
  type HlsSubtitles,
  type HlsVideo,
  type MasterPlaylistOptions,
  masterPlaylist,
} from "../../src/hls/master-playlist.ts";
import { attributesOf, linesOf } from "../support/hls-grammar.ts";

const video = (rest: Partial<HlsVideo> = {}): HlsVideo => ({
  codecString: "avc1.640028",
  widthPixels: 1920,
  heightPixels: 1080,
  framesPerSecond: 24_000 / 1001,
  peakBitsPerSecond: 9_000_000,
  averageBitsPerSecond: 5_000_000,
  ...rest,
});
const audio = (index: number, rest: Partial<HlsAudio> = {}): HlsAudio => ({
  index,
  codecString: "mp4a.40.2",
  channels: 2,
  language: undefined,
  title: undefined,
  isDefault: false,
  peakBitsPerSecond: 200_000,
  averageBitsPerSecond: 190_000,
  ...rest,
});
const subtitles = (index: number, rest: Partial<HlsSubtitles> = {}): HlsSubtitles => ({
  index,
  language: undefined,
  title: undefined,
  isForced: false,
  isForHearingImpaired: false,
  ...rest,
});
const master = (rest: Partial<MasterPlaylistOptions>): string =>
  masterPlaylist({ video: video(), audio: [], subtitles: [], hasIndependentSegments: true, ...rest });

const streamOf = (playlist: string): Readonly<Record<string, string>> => attributesOf(playlist, "STREAM-INF")[0]!;
const flagsOf = (playlist: string): string[] =>
  attributesOf(playlist, "MEDIA").map(({ DEFAULT, AUTOSELECT, LANGUAGE }) => `${LANGUAGE} ${DEFAULT} ${AUTOSELECT}`);

describe("A master playlist", () => {
  test("has a film with all its tracks", () => {
    const playlist = master({
      audio: [
        audio(0, { language: "ger", channels: 6 }),
        audio(1, { language: "eng", title: "Original", isDefault: true }),
      ],
      subtitles: [
        subtitles(0, { language: "ger", isForced: true }),
        subtitles(1, { language: "ger", isForHearingImpaired: true }),
      ],
      suffix: "?token=t",
    });
    expect(playlist).toBe(
      `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="German",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,CHANNELS="6",URI="audio/0/playlist.m3u8?token=t"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Original",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio/1/playlist.m3u8?token=t"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="German",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,FORCED=YES,URI="subtitles/0/playlist.m3u8?token=t"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="German (2)",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,CHARACTERISTICS="public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound",URI="subtitles/1/playlist.m3u8?token=t"
#EXT-X-STREAM-INF:BANDWIDTH=9200000,AVERAGE-BANDWIDTH=5190000,CODECS="avc1.640028,mp4a.40.2",RESOLUTION=1920x1080,FRAME-RATE=23.976,AUDIO="audio",SUBTITLES="subtitles"
video/playlist.m3u8?token=t
`,
    );
  });

  test("has a silent film", () => {
    expect(linesOf(master({ hasIndependentSegments: false }))).toEqual([
      "#EXTM3U",
      "#EXT-X-VERSION:7",
      '#EXT-X-STREAM-INF:BANDWIDTH=9000000,AVERAGE-BANDWIDTH=5000000,CODECS="avc1.640028",RESOLUTION=1920x1080,FRAME-RATE=23.976',
      "video/playlist.m3u8",
    ]);
  });

  test("has a film of sound only, whose default track is the variant itself", () => {
    const playlist = master({
      video: undefined,
      audio: [audio(0), audio(1, { isDefault: true, codecString: "flac" })],
    });
    expect(linesOf(playlist).slice(3)).toEqual([
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio 1",DEFAULT=NO,AUTOSELECT=NO,CHANNELS="2",URI="audio/0/playlist.m3u8"',
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio 2",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2"',
      '#EXT-X-STREAM-INF:BANDWIDTH=200000,AVERAGE-BANDWIDTH=190000,CODECS="mp4a.40.2,fLaC",AUDIO="audio"',
      "audio/1/playlist.m3u8",
    ]);
  });

  test("has something to play", () => {
    expect(() => master({ video: undefined })).toThrow(InvariantError);
  });
});

describe("Players choose by themselves", () => {
  test("the default sound, and one of each other language", () => {
    const tracks = ["en", "de", "en", "de", "fr"].map((language, index) =>
      audio(index, { language, isDefault: index > 1 }),
    );
    expect(flagsOf(master({ audio: tracks }))).toEqual([
      '"en" NO NO',
      '"de" NO YES',
      '"en" YES YES',
      '"de" NO NO',
      '"fr" NO YES',
    ]);
  });

  test("one of the subtitles in a language and for a purpose", () => {
    const tracks = [
      subtitles(0, { language: "en" }),
      subtitles(1, { language: "en" }),
      subtitles(2, { language: "en", isForced: true }),
      subtitles(3),
      subtitles(4),
    ];
    expect(flagsOf(master({ subtitles: tracks }))).toEqual([
      '"en" NO YES',
      '"en" NO NO',
      '"en" NO YES',
      "undefined NO YES",
      "undefined NO NO",
    ]);
  });
});

describe("The variant says of its picture", () => {
  test.each([
    ["its size, if it has one", { widthPixels: 1, heightPixels: 2 }, "RESOLUTION", "1x2"],
    ["no size without a width", { widthPixels: undefined }, "RESOLUTION", undefined],
    ["no size with half a line", { heightPixels: 1.5 }, "RESOLUTION", undefined],
    ["no size of nothing", { heightPixels: 0 }, "RESOLUTION", undefined],
    ["a frame rate with three decimals", { framesPerSecond: 25 }, "FRAME-RATE", "25.000"],
    ["no frame rate that it does not know", { framesPerSecond: undefined }, "FRAME-RATE", undefined],
    ["no frame rate that is none", { framesPerSecond: 1e30 }, "FRAME-RATE", undefined],
    ["no codecs that it does not know", { codecString: undefined }, "CODECS", undefined],
    ["no codecs that are none", { codecString: 'avc1",X="' }, "CODECS", undefined],
    ["a bit rate, if nothing is known", { peakBitsPerSecond: 0 }, "BANDWIDTH", "1"],
    ["no bit rate beyond all numbers", { peakBitsPerSecond: 1e300 }, "BANDWIDTH", "9007199254740991"],
  ])("%s", (_, rest, attribute, expected) => {
    expect(streamOf(master({ video: video(rest) }))[attribute]).toBe(expected);
  });

  test("the fullest sound beside it, and each codec once", () => {
    const tracks = [
      audio(0, { codecString: "opus", peakBitsPerSecond: 100_000.5 }),
      audio(1, { codecString: "opus", averageBitsPerSecond: 300_000 }),
      audio(2, { codecString: "ac-3" }),
    ];
    expect(streamOf(master({ audio: tracks }))).toMatchObject({
      BANDWIDTH: "9200000",
      "AVERAGE-BANDWIDTH": "5300000",
      CODECS: '"avc1.640028,Opus,ac-3"',
    });
  });
});

const text = fc.option(fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom('"', "a\n#EXT", "{$x}", "en", "")), {
  nil: undefined,
});
const hostile = fc.record({ title: text, language: text });

describe("Whatever a file calls its tracks", () => {
  test("the playlist is one, and names are unique", () => {
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 8 }), fc.array(hostile, { maxLength: 8 }), (sounds, texts) => {
        const playlist = master({
          audio: sounds.map((names, index) => audio(index, names)),
          subtitles: texts.map((names, index) => subtitles(index, names)),
        });
        const media = attributesOf(playlist, "MEDIA");
        expect(new Set(media.map(({ TYPE, NAME }) => `${TYPE} ${NAME}`)).size).toBe(sounds.length + texts.length);
        expect(media.map(({ NAME }) => NAME)).not.toContain('""');
        expect(media.filter(({ DEFAULT }) => DEFAULT === "YES")).toHaveLength(Math.min(1, sounds.length));
        expect(M3U8Parser.parseMasterPlaylist(playlist, "http://host/").playlistParsingError).toBeNull();
      }),
    );
  });

  test.each([
    ["ger", '"de"', '"German"'],
    ["pt-br", '"pt-BR"', '"Brazilian Portuguese"'],
    ["qaa", '"qaa"', '"qaa"'],
    ["und", undefined, '"Audio 1"'],
    ["english", undefined, '"Audio 1"'],
    ["en_US", undefined, '"Audio 1"'],
    ["", undefined, '"Audio 1"'],
    [`en${"-abcdefgh".repeat(4)}`, undefined, '"Audio 1"'],
  ])("the language %j is %j, named %j", (language, LANGUAGE, NAME) => {
    const [media] = attributesOf(master({ audio: [audio(0, { language })] }), "MEDIA");
    expect([media?.["LANGUAGE"], media?.["NAME"]]).toEqual([LANGUAGE, NAME]);
  });

  test("no channels are said of a sound that does not tell", () => {
    expect(attributesOf(master({ audio: [audio(0, { channels: undefined })] }), "MEDIA")[0]).not.toHaveProperty(
      "CHANNELS",
    );
  });
});

test("hls.js reads the variant and its tracks", () => {
  const playlist = master({
    audio: [audio(0, { language: "ger", title: 'Ton {$x} "5.1"', channels: 6 }), audio(1, { codecString: "opus" })],
    subtitles: [subtitles(0, { language: "fr", isForced: true })],
    suffix: "?token=t",
  });
  const parsed = M3U8Parser.parseMasterPlaylist(playlist, "http://host/hls/master.m3u8");
  const media = M3U8Parser.parseMasterPlaylistMedia(playlist, "http://host/hls/master.m3u8", parsed);
  expect(parsed.playlistParsingError).toBeNull();
  expect(parsed.levels).toMatchObject([
    {
      bitrate: 9_200_000,
      width: 1920,
      height: 1080,
      videoCodec: "avc1.640028",
      audioCodec: "mp4a.40.2,Opus",
      unknownCodecs: [],
      url: "http://host/hls/video/playlist.m3u8?token=t",
    },
  ]);
  expect(media.AUDIO).toMatchObject([
    {
      name: "Ton $x} '5.1'",
      lang: "de",
      default: true,
      channels: "6",
      url: "http://host/hls/audio/0/playlist.m3u8?token=t",
    },
    { name: "Audio 2", default: false, url: "http://host/hls/audio/1/playlist.m3u8?token=t" },
  ]);
  expect(media.SUBTITLES).toMatchObject([{ name: "French", lang: "fr", forced: true }]);
});

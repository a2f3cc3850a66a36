import { describe, expect, it } from "vitest";
import { everyNth } from "../../../test/support/soak.ts";
import {
  type AudioTrack,
  initSegment,
  openMatroska,
  readChapters,
  readMediaInfo,
  type VideoTrack,
} from "../src/index.ts";
import { corpusFile } from "./support/corpus.ts";
import { made, probedFilm } from "./support/ffmpeg.ts";
import { MemorySource, never } from "./support/memory-source.ts";
import { ownDetails, probedDetails } from "./support/probed-details.ts";

const PICTURE = "-f lavfi -i testsrc2=s=128x72:r=24:d=0.4";
const X265 = "-c:v libx265 -preset ultrafast -x265-params log-level=none";
const BT2020 = "-color_primaries bt2020 -colorspace bt2020nc";
const PQ = `${BT2020} -color_trc smpte2084`;
const HLG = `${BT2020} -color_trc arib-std-b67`;
const BT709 = "-color_primaries bt709 -color_trc bt709 -colorspace bt709";

interface Picture {
  readonly title: string;
  readonly arguments_: string;
  readonly range: VideoTrack["dynamicRange"];
  /** What the headers of the container do not tell. */
  readonly untold?: Readonly<Record<string, readonly string[]>>;
}

const PICTURES = everyNth<Picture>(
  [
    {
      title: "HEVC in HDR10",
      arguments_: `${X265}:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc -pix_fmt yuv420p10le ${PQ}`,
      range: "hdr10",
    },
    {
      title: "HEVC in HLG that only its stream tells of",
      arguments_: `${X265}:colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc -pix_fmt yuv422p10le`,
      range: "hlg",
    },
    {
      title: "HEVC with scaling lists, long GOPs and wide pixels",
      arguments_: `${X265}:scaling-list=default:bframes=4:b-pyramid=1:ref=4:colorprim=bt709:transfer=bt709:colormatrix=bt709:sar=4\\:3 ${BT709} -aspect 64:27`,
      range: "sdr",
    },
    { title: "H.264 of ten bits in HLG", arguments_: `-c:v libx264 -pix_fmt yuv420p10le ${HLG}`, range: "hlg" },
    {
      title: "H.264 of 4:4:4 in full range",
      arguments_: `-c:v libx264 -pix_fmt yuv444p -color_range pc ${BT709}`,
      range: "sdr",
    },
    {
      title: "H.264 with pixels of a DVD",
      arguments_: "-vf scale=72:58,setsar=64/45 -c:v libx264 -profile:v baseline",
      range: undefined,
    },
    { title: "H.264 that says nothing", arguments_: "-c:v libx264 -preset ultrafast", range: undefined },
    { title: "AV1 in HDR10", arguments_: `-c:v libaom-av1 -cpu-used 8 -pix_fmt yuv420p10le ${PQ}`, range: "hdr10" },
    { title: "AV1 in SDR", arguments_: `-c:v libsvtav1 -preset 12 ${BT709}`, range: "sdr" },
    {
      title: "VP9 in HLG",
      arguments_: `-c:v libvpx-vp9 -deadline realtime -pix_fmt yuv420p10le -profile:v 2 ${HLG}`,
      range: "hlg",
      untold: { mkv: ["profile", "level", "bitDepth", "chromaSubsampling"], mp4: ["level"] },
    },
  ],
  2,
);

describe.each(["mkv", "mp4"])("pictures in %s", (container) => {
  it.each(PICTURES)("$title are what ffprobe says", async ({ arguments_, range, untold }) => {
    const film = await made(`${PICTURE} ${arguments_}`, container);
    const info = await readMediaInfo(new MemorySource(film), never);
    const expected = probedDetails(await probedFilm(film)).map((details) => without(details, untold?.[container]));
    expect(ownDetails(info.tracks).map((details) => without(details, untold?.[container]))).toEqual(expected);
    expect(info.tracks).toMatchObject([{ dynamicRange: range }]);
  });
});

describe("pictures in a transport stream", () => {
  const PACKED = PICTURES.filter(({ title }) => /^(HEVC|H\.264)/.test(title));
  it.each(PACKED)("$title are what ffprobe says", async ({ arguments_, range }) => {
    const film = await made(`${PICTURE} ${arguments_}`, "ts");
    const info = await readMediaInfo(new MemorySource(film), never);
    expect(ownDetails(info.tracks)).toEqual(probedDetails(await probedFilm(film)));
    expect(info.tracks).toMatchObject([{ dynamicRange: range }]);
  });
});

function without(details: object, fields: readonly string[] = []): object {
  return Object.fromEntries(Object.entries(details).filter(([field]) => !fields.includes(field)));
}

describe("films that are turned", () => {
  it.each([
    { degrees: 0, matrix: [0x10000, 0, 0, 0, 0x10000] },
    { degrees: 90, matrix: [0, 0x10000, 0, -0x10000, 0] },
    { degrees: 180, matrix: [-0x10000, 0, 0, 0, -0x10000] },
    { degrees: 270, matrix: [0, -0x10000, 0, 0x10000, 0] },
  ])("by $degrees degrees say so", async ({ degrees, matrix }) => {
    const film = await made(`${PICTURE} -c:v libx264`, "mp4");
    const matrixAt = Buffer.from(film).indexOf("tkhd") + 44;
    for (const [index, value] of matrix.entries()) new DataView(film.buffer).setInt32(matrixAt + 4 * index, value);
    const info = await readMediaInfo(new MemorySource(film), never);
    expect(ownDetails(info.tracks)).toEqual(probedDetails(await probedFilm(film)));
    expect(info.tracks).toMatchObject([{ rotationDegrees: degrees }]);
  });
});

const sound = (layout: string, rateHz = 48_000) => `-f lavfi -i anullsrc=cl=${layout}:r=${rateHz}:d=0.3`;

/** Sounds of one file: loudspeakers, and how they are coded. */
type Sounds = readonly (readonly [layout: string, options: string])[];

const inAll = (options: string, ...layouts: string[]): Sounds => layouts.map((layout) => [layout, options]);

const AAC = inAll("aac", "mono", "stereo", "3.0", "4.0", "5.0", "5.1", "7.1");
const OPUS = inAll("libopus", "stereo", "3.0", "quad", "5.0", "5.1", "6.1", "7.1");
const LOSSLESS: Sounds = [
  ["stereo", "flac -sample_fmt:a:N s32 -strict -2"],
  ["5.1(side)", "flac -strict -2"],
  ["2.1", "flac -strict -2"],
  ["stereo", "alac -sample_fmt:a:N s32p"],
];
const DOLBY_LAYOUTS = ["mono", "stereo", "2.1", "3.0", "quad(side)", "5.0(side)", "5.1(side)"];

const SOUND_FILES: readonly { readonly container: string; readonly sounds: Sounds }[] = [
  { container: "mp4", sounds: [...AAC, ...OPUS, ...LOSSLESS] },
  { container: "mp4", sounds: [...inAll("ac3", ...DOLBY_LAYOUTS), ...inAll("eac3", ...DOLBY_LAYOUTS)] },
  { container: "mkv", sounds: [...AAC, ...OPUS, ...LOSSLESS, ["5.1(side)", "ac3"], ["5.1", "pcm_s24le"]] },
  {
    container: "mov",
    sounds: [
      ["stereo", "pcm_s24le"],
      ["stereo", "pcm_s16le"],
      ["5.1", "pcm_s16be"],
      ["stereo", "pcm_f32le -ar:a:N 96000"],
    ],
  },
  {
    container: "avi",
    sounds: [
      ["7.1", "pcm_s24le"],
      ["4.0", "pcm_s16le"],
    ],
  },
];

describe("sounds", () => {
  it.each(SOUND_FILES)("in $container are what ffprobe says: $sounds", async ({ container, sounds }) => {
    const inputs = sounds.map(([layout]) => sound(layout));
    const maps = sounds.map((_, index) => `-map ${index}`);
    const codecs = sounds.map(([, options], index) => `-c:a:${index} ${options.replaceAll("a:N", `a:${index}`)}`);
    const opus = container === "avi" ? [] : ["-mapping_family 1"];
    const film = await made([...inputs, ...maps, ...codecs, ...opus].join(" "), container);
    const info = await readMediaInfo(new MemorySource(film), never);
    const details = ownDetails(info.tracks);
    expect(details).toMatchObject(probedDetails(await probedFilm(film)));
    expect(details.length).toBe(sounds.length);
  });
});

describe("what tracks are for", () => {
  const TRACKS = [
    `${PICTURE} ${sound("stereo")} ${sound("stereo")} ${sound("stereo")} -i a.srt -i a.srt -map 0 -map 1 -map 2 -map 3 -map 4 -map 5`,
    "-c:v libx264 -c:a aac -metadata:s:a:0 language=deu -metadata:s:a:1 title=Regie",
    "-disposition:a:0 default -disposition:a:1 comment -disposition:a:2 visual_impaired",
    "-disposition:s:0 hearing_impaired -disposition:s:1 forced",
  ].join(" ");

  it.each([
    { container: "mkv", text: "srt" },
    { container: "mp4", text: "mov_text" },
  ])("is told in $container", async ({ container, text }) => {
    const film = await made(`${TRACKS} -c:s ${text}`, container, {
      "a.srt": "1\n00:00:00,000 --> 00:00:00,300\nHello\n",
    });
    const { tracks } = await readMediaInfo(new MemorySource(film), never);
    const sounds = tracks.filter((track): track is AudioTrack => track.kind === "audio");
    expect(sounds.map(({ isCommentary }) => isCommentary)).toEqual([false, true, false]);
    expect(sounds.map(({ isForVisuallyImpaired }) => isForVisuallyImpaired)).toEqual([false, false, true]);
    expect(sounds.map(({ language, title }) => language ?? title)).toEqual(["deu", "Regie", undefined]);
    expect(tracks.filter(({ kind }) => kind === "subtitle")).toMatchObject([
      { isForced: false, isForHearingImpaired: true },
      { isForced: true, isForHearingImpaired: false },
    ]);
  });
});

describe("real files", () => {
  it.each(["mkv/sample_with_chapters.mkv", "mp4/sample_eac3.mp4", "mp4/h265_bframes.mp4", "mka/bear-flac-16bit.mka"])(
    "%s has the details that ffprobe says",
    async (path) => {
      const film = corpusFile(path);
      const info = await readMediaInfo(new MemorySource(film), never);
      expect(ownDetails(info.tracks)).toEqual(probedDetails(await probedFilm(film)));
    },
  );
});

const CHAPTERS = [
  ";FFMETADATA1",
  ...[
    [0, 150, "Erster Teil"],
    [150, 333, "Zweiter"],
    [333, 400, "\u0394\u03ad\u03bb\u03c4\u03b1"],
  ].map(([start, end, title]) => `[CHAPTER]\nTIMEBASE=1/1000\nSTART=${start}\nEND=${end}\ntitle=${title}`),
].join("\n");

describe("chapters", () => {
  it.each([
    { container: "mkv", options: "" },
    { container: "mp4", options: "" },
    { container: "mp4 without Nero's list", options: "-movflags disable_chpl" },
    { container: "mov", options: "" },
  ])("of $container are what ffprobe says", async ({ container, options }) => {
    const [extension = ""] = container.split(" ");
    const arguments_ = `${PICTURE} -i chapters.txt -map 0 -map_chapters 1 -c:v libx264 ${options}`.trim();
    const film = await made(arguments_, extension, { "chapters.txt": CHAPTERS });
    const told = await readChapters(new MemorySource(film), extension === "mkv" ? "matroska" : "mp4", never);
    const probed = (await probedFilm(film)).chapters;
    expect(told.map(({ title }) => title)).toEqual(["Erster Teil", "Zweiter", "\u0394\u03ad\u03bb\u03c4\u03b1"]);
    expect(told.map(({ title }) => title)).toEqual(probed.map(({ tags }) => tags?.title));
    for (const [index, { startSeconds, endSeconds }] of told.entries()) {
      expect(startSeconds).toBeCloseTo(Number(probed[index]?.start_time), 3);
      expect(endSeconds ?? 0.4).toBeCloseTo(Number(probed[index]?.end_time), 1);
    }
  });

  it("of a real file are what ffprobe says", async () => {
    const film = corpusFile("mkv/sample_with_chapters.mkv");
    const told = await readChapters(new MemorySource(film), "matroska", never);
    const probed = (await probedFilm(film)).chapters;
    expect(told.map(({ title }) => title)).toEqual(probed.map(({ tags }) => tags?.title));
    expect(told.map(({ startSeconds }) => startSeconds)).toEqual(probed.map(({ start_time }) => Number(start_time)));
    expect(told.length).toBeGreaterThan(0);
  });
});

describe("copies of films into fragments", () => {
  it.each([
    {
      title: "HLG with wide pixels",
      arguments_: `-vf scale=96:72,setsar=4/3 -c:v libx264 -pix_fmt yuv420p10le ${HLG}`,
    },
    { title: "HEVC in HDR10", arguments_: `${X265}:colorprim=bt2020:transfer=smpte2084 -pix_fmt yuv420p10le ${PQ}` },
    { title: "AV1 in SDR", arguments_: `-c:v libsvtav1 -preset 12 ${BT709}` },
  ])("are shown as ffprobe says of the originals: $title", async ({ arguments_ }) => {
    const film = await made(`${PICTURE} ${arguments_}`, "mkv");
    const demuxer = await openMatroska(new MemorySource(film), never);
    const copy = initSegment([{ id: 1, coded: demuxer.tracks[0]! }], demuxer);
    expect(shown(await probedFilm(copy))).toEqual(shown(await probedFilm(film)));
  });
});

const SHOWN = [
  "width",
  "height",
  "sample_aspect_ratio",
  "color_primaries",
  "color_transfer",
  "color_space",
  "color_range",
];

function shown({ streams }: Awaited<ReturnType<typeof probedFilm>>) {
  // Pixels of which nothing is said are square.
  return streams.map((stream) => SHOWN.map((field) => stream[field] ?? "1:1"));
}

import { describe, expect, it } from "vitest";
import { readMediaInfo, type Track } from "../src/index.ts";
import { ElementId } from "../src/matroska/element-ids.ts";
import { audioEntry, esds, FTYP, moov, mvhd, trak, videoEntry } from "./isobmff/film.ts";
import { cluster, matroska, track, tracks } from "./matroska/film.ts";
import { box, bytes, element, f64, fromHex, u16, u16le, u32, u32le, zeros } from "./support/build.ts";
import { MemorySource, never } from "./support/memory-source.ts";

async function trackOf(file: Uint8Array): Promise<Track | undefined> {
  return (await readMediaInfo(new MemorySource(file), never)).tracks[0];
}

const inMp4 = (handler: string, entry: Uint8Array, inTrak = bytes()) =>
  trackOf(bytes(FTYP, moov(mvhd(1000), trak({ handler, entry, inTrak }))));
const inMatroska = (...fields: Uint8Array[]) => trackOf(matroska(tracks(track(1, 1, ...asTrack(fields))), cluster()));
const asTrack = (fields: Uint8Array[]): [string, ...Uint8Array[]] => ["V_VP9", ...fields];
const video = (...fields: Uint8Array[]) => element(ElementId.video, ...fields);
const colour = (...fields: Uint8Array[]) => video(element(ElementId.colour, ...fields));

/** Profile 8, level 6, HLG for those who know nothing of it; then what follows in the 24 bytes. */
const dolbyVisionRecord = (profile: number, compatibility: number) =>
  bytes(1, 0, (profile << 1) | 0, (6 << 3) | 5, compatibility << 4, zeros(19));

const mapping = (type: Uint8Array, data: Uint8Array) =>
  element(
    ElementId.blockAdditionMapping,
    element(ElementId.blockAddIdType, type),
    element(ElementId.blockAddIdExtraData, data),
  );

describe("Dolby Vision", () => {
  const RECORDS = [
    { profile: 5, compatibility: 0, baseLayer: undefined },
    { profile: 8, compatibility: 1, baseLayer: "hdr10" },
    { profile: 8, compatibility: 2, baseLayer: "sdr" },
    { profile: 8, compatibility: 4, baseLayer: "hlg" },
    { profile: 7, compatibility: 6, baseLayer: "hdr10" },
  ];

  it.each(RECORDS)(
    "of profile $profile.$compatibility is told in MP4",
    async ({ profile, compatibility, baseLayer }) => {
      const record = box(profile > 7 ? "dvvC" : "dvcC", dolbyVisionRecord(profile, compatibility));
      expect(await inMp4("vide", videoEntry("hvc1", record))).toMatchObject({
        dynamicRange: "dolby_vision",
        dolbyVision: { profile, level: 6, baseLayer },
      });
    },
  );

  it.each(RECORDS)("of profile $profile.$compatibility is told in Matroska", async (record) => {
    const { profile, compatibility, baseLayer } = record;
    const other = mapping(Uint8Array.of(4), zeros(24));
    const own = mapping(bytes(profile > 7 ? "dvvC" : "dvcC"), dolbyVisionRecord(profile, compatibility));
    expect(await inMatroska(other, own)).toMatchObject({
      dynamicRange: "dolby_vision",
      dolbyVision: { profile, level: 6, baseLayer },
    });
  });

  it("is nothing where its record is cut off", async () => {
    const told = await inMp4("vide", videoEntry("hvc1", box("dvcC", 1, 0, 16)));
    expect(told).toMatchObject({ dynamicRange: undefined, dolbyVision: undefined });
  });
});

describe("colours of Matroska", () => {
  it("are those of its Colour element, with depth and chroma", async () => {
    const fields = [
      element(ElementId.primaries, 9),
      element(ElementId.transferCharacteristics, 16),
      element(ElementId.matrixCoefficients, 9),
      element(ElementId.range, 2),
      element(ElementId.bitsPerChannel, 10),
      element(ElementId.chromaSubsamplingHorz, 1),
      element(ElementId.chromaSubsamplingVert, 0),
    ];
    expect(await inMatroska(colour(...fields))).toMatchObject({
      colour: { primaries: 9, transfer: 16, matrix: 9, isFullRange: true },
      dynamicRange: "hdr10",
      bitDepth: 10,
      chromaSubsampling: "4:2:2",
    });
  });

  it.each([
    { title: "nothing", fields: [], told: undefined },
    { title: "a number that is none", fields: [element(ElementId.primaries, u16(900))], told: undefined },
    {
      title: "a range alone",
      fields: [element(ElementId.range, 1)],
      told: { primaries: 2, transfer: 2, matrix: 2, isFullRange: false },
    },
  ])("are $told where it says $title", async ({ fields, told }) => {
    expect(await inMatroska(colour(...fields))).toMatchObject({ colour: told, dynamicRange: undefined });
  });

  it("of VP9 come with what its CodecPrivate says", async () => {
    const features = element(ElementId.codecPrivate, 1, 1, 2, 2, 1, 31, 3, 1, 10, 4, 1, 1);
    expect(await inMatroska(features)).toMatchObject({
      codecString: "vp09.02.31.10",
      profile: "Profile 2",
      level: 3.1,
      bitDepth: 10,
      chromaSubsampling: "4:2:0",
    });
  });
});

const size = (width: number, height: number) => [
  element(ElementId.pixelWidth, u16(width)),
  element(ElementId.pixelHeight, u16(height)),
];

const shown = (width: number, height: number, unit = 0) => [
  element(ElementId.displayWidth, u16(width)),
  element(ElementId.displayHeight, u16(height)),
  element(ElementId.displayUnit, unit),
];

describe("pixels of Matroska", () => {
  it.each([
    { title: "square without a size to show", fields: size(720, 576), ratio: { width: 1, height: 1 } },
    {
      title: "by the size to show",
      fields: [...size(720, 576), ...shown(1024, 576)],
      ratio: { width: 64, height: 45 },
    },
    { title: "by a ratio", fields: [...size(1440, 1080), ...shown(16, 9, 3)], ratio: { width: 4, height: 3 } },
    {
      title: "by what is left of them",
      fields: [
        ...size(720, 576),
        element(ElementId.pixelCropTop, 72),
        element(ElementId.pixelCropBottom, 72),
        ...shown(16, 9, 3),
      ],
      ratio: { width: 16 * 432, height: 9 * 720 },
    },
    { title: "untold in a unit that nobody knows", fields: [...size(720, 576), ...shown(16, 9, 4)], ratio: undefined },
    { title: "untold of no size", fields: size(0, 0), ratio: undefined },
  ])("are $title", async ({ fields, ratio }) => {
    const { pixelAspectRatio: told } = (await inMatroska(video(...fields))) as { pixelAspectRatio?: typeof ratio };
    expect(told && told.width / told.height).toBe(ratio && ratio.width / ratio.height);
  });
});

const nclx = (...codes: number[]) => box("colr", "nclx", ...codes.map(u16), 0x80);

describe("pictures of MP4", () => {
  it.each([
    { title: "nclx", boxes: [nclx(9, 18, 9)], colour: { primaries: 9, transfer: 18, matrix: 9, isFullRange: true } },
    {
      title: "QuickTime's nclc",
      boxes: [box("colr", "nclc", u16(1), u16(1), u16(1))],
      colour: { primaries: 1, transfer: 1, matrix: 1, isFullRange: undefined },
    },
    {
      title: "nclx behind a profile",
      boxes: [box("colr", "prof", zeros(300)), nclx(1, 13, 0)],
      colour: { primaries: 1, transfer: 13, matrix: 0, isFullRange: true },
    },
    { title: "codes that are none", boxes: [nclx(9, 18, 900)], colour: undefined },
    { title: "a box that is cut off", boxes: [box("colr", "nclx", 0)], colour: undefined },
  ])("have the colours of $title", async ({ boxes, colour: told }) => {
    expect(await inMp4("vide", videoEntry("avc1", ...boxes))).toMatchObject({ colour: told });
  });

  it.each([
    { spacing: [u32(64), u32(45)], told: { width: 64, height: 45 } },
    { spacing: [u32(40), u32(40)], told: { width: 1, height: 1 } },
    { spacing: [u32(0), u32(1)], told: undefined },
    { spacing: [u16(1)], told: undefined },
  ])("have the shape of pasp: $told", async ({ spacing, told }) => {
    expect(await inMp4("vide", videoEntry("avc1", box("pasp", ...spacing)))).toMatchObject({ pixelAspectRatio: told });
  });

  it("of VP9 are those of vpcC, but not of its drafts", async () => {
    const fields = [2, 31, (10 << 4) | (1 << 1), 9, 16, 9, u16(0)] as const;
    expect(await inMp4("vide", videoEntry("vp09", box("vpcC", 1, zeros(3), ...fields)))).toMatchObject({
      codecString: "vp09.02.31.10",
      profile: "Profile 2",
      level: 3.1,
      bitDepth: 10,
      chromaSubsampling: "4:2:0",
      dynamicRange: "hdr10",
      colour: { primaries: 9, transfer: 16, matrix: 9, isFullRange: false },
    });
    const draft = await inMp4("vide", videoEntry("vp09", box("vpcC", zeros(4), ...fields)));
    expect(draft).toMatchObject({ codecString: "vp09.02.31.10", colour: undefined });
  });
});

const binary = (value: number, digits: number) => value.toString(2).padStart(digits, "0");

/** data_rate 13, num_ind_sub 3; fscod 2, bsid 5, 2, bsmod 3; acmod 3, lfeon 1, 3, num_dep_sub 4, chan_loc 9. */
const dec3 = (acmod: number, lfe: number, dependent: number, locations: number) => {
  const substream = `${"0".repeat(28)}${binary(acmod, 3)}${lfe}000${binary(dependent, 4)}${binary(locations, 9)}`;
  return box("dec3", ...(substream.padEnd(56, "0").match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
};

describe("sounds of MP4", () => {
  it.each([
    { title: "5.1", box: dec3(7, 1, 0, 0), channels: 6, channelLayout: "5.1" },
    { title: "5.1 and two more at the back", box: dec3(7, 1, 1, 2), channels: 8, channelLayout: "7.1" },
    { title: "5.1 and one at the back", box: dec3(7, 1, 1, 4), channels: 7, channelLayout: "6.1" },
    { title: "5.1 and two above", box: dec3(7, 1, 1, 64), channels: 8, channelLayout: "5.1.2" },
    { title: "5.1 and two that have no name", box: dec3(7, 1, 1, 32), channels: 8, channelLayout: "7.1" },
    { title: "two languages", box: dec3(0, 0, 0, 0), channels: 2, channelLayout: "stereo" },
  ])("in E-AC-3 of $title have all their channels", async (sound) => {
    const { channels, channelLayout } = sound;
    const told = await inMp4("soun", audioEntry("ec-3", sound.box));
    expect(told).toMatchObject({ channels, channelLayout });
  });

  it("in QuickTime's second version have its numbers, not its placeholders", async () => {
    const fields = bytes(u32(72), f64(96_000), u32(6), u32(0x7f000000), u32(24), zeros(12));
    const entry = box("lpcm", zeros(8), u16(2), zeros(6), u16(3), u16(16), zeros(4), u32(0x10000), fields);
    expect(await inMp4("soun", entry)).toMatchObject({ channels: 6, sampleRateHz: 96_000, bitDepth: 24 });
  });

  it("without loss have the depth of their box, others none", async () => {
    expect(await inMp4("soun", audioEntry("ipcm", box("pcmC", zeros(4), 1, 24)))).toMatchObject({ bitDepth: 24 });
    expect(await inMp4("soun", audioEntry("sowt"))).toMatchObject({ bitDepth: 16 });
    expect(await inMp4("soun", audioEntry("mp4a", esds(0x40, fromHex("1190"))))).toMatchObject({ bitDepth: undefined });
  });

  it("that are AAC of HE-AAC v2 are stereo", async () => {
    expect(await inMp4("soun", audioEntry("mp4a", esds(0x40, fromHex("eb098800"))))).toMatchObject({
      channels: 2,
      channelLayout: "stereo",
    });
  });

  it.each([
    { value: "commentary", told: { isCommentary: true, isForVisuallyImpaired: false } },
    { value: "description", told: { isCommentary: false, isForVisuallyImpaired: true } },
    { value: "dub", told: { isCommentary: false, isForVisuallyImpaired: false } },
  ])("are for $value", async ({ value, told }) => {
    const kind = box("kind", zeros(4), `urn:mpeg:dash:role:2011\0${value}\0`);
    const other = box("kind", zeros(4), "urn:example:other\0commentary\0");
    const entry = audioEntry("mp4a");
    expect(await inMp4("soun", entry, box("udta", other, kind))).toMatchObject(told);
    expect(await inMp4("soun", entry, box("udta", other))).toMatchObject({ isCommentary: false });
  });
});

const inAcm = (format: Uint8Array) =>
  trackOf(
    matroska(
      tracks(
        track(
          1,
          2,
          "A_MS/ACM",
          element(ElementId.codecPrivate, format),
          element(ElementId.audio, element(ElementId.channels, 6)),
        ),
      ),
      cluster(),
    ),
  );

const wave = (tag: number, bits: number, ...extra: Uint8Array[]) =>
  bytes(u16le(tag), u16le(6), u32le(48_000), zeros(6), u16le(bits), u16le(22), ...extra);

describe("sounds of Microsoft", () => {
  it("have the loudspeakers of their mask and the bits that count", async () => {
    const extensible = wave(0xfffe, 32, u16le(24), u32le(0x60f), u16le(1), zeros(14));
    expect(await inAcm(extensible)).toMatchObject({ codec: "pcm", channelLayout: "5.1", bitDepth: 24 });
    expect(await inAcm(wave(1, 16))).toMatchObject({ codec: "pcm", channelLayout: "5.1", bitDepth: 16 });
    expect(await inAcm(wave(0x2000, 16))).toMatchObject({ codec: "ac3", channelLayout: "5.1", bitDepth: undefined });
  });
});

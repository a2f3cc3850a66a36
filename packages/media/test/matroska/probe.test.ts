import { describe, expect, it } from "vitest";
import { readMediaInfo } from "../../src/index.ts";
import { ElementId } from "../../src/matroska/element-ids.ts";
import {
  bytes,
  claimingElement,
  element,
  f64,
  fromHex,
  u16le,
  u32le,
  unknownSizeElement,
  zeros,
} from "../support/build.ts";
import { describeTracks } from "../support/describe-track.ts";
import { MemorySource, never } from "../support/memory-source.ts";
import {
  AUDIO_TRACK,
  cluster,
  cues,
  EBML_HEADER,
  info,
  matroska,
  seekHead,
  track,
  tracks,
  VIDEO_TRACK,
} from "./film.ts";

const ATTACHMENTS = 0x1941a469;
const VOID = 0xec;

const probe = (file: Uint8Array) => readMediaInfo(new MemorySource(file), never);

async function tracksOf(...entries: Uint8Array[]): Promise<string[]> {
  return describeTracks(await probe(matroska(tracks(...entries), cluster())));
}

const privateData = (content: Uint8Array) => element(ElementId.codecPrivate, content);

describe("the walk through a Matroska header", () => {
  it("reads a live recording, whose Segment and Clusters have no size", async () => {
    const file = bytes(
      EBML_HEADER,
      unknownSizeElement(ElementId.segment),
      tracks(VIDEO_TRACK),
      unknownSizeElement(ElementId.cluster),
      zeros(500),
    );
    const result = await probe(file);
    expect(describeTracks(result)).toEqual(["video 0: vp8 (V_VP8) vp8 default"]);
    expect(result).toMatchObject({ durationSeconds: undefined, keyIndex: undefined });
  });

  it("steps over attachments in front of the media without reading them", async () => {
    const attachmentBytes = 30 * 1024 * 1024;
    const head = bytes(
      EBML_HEADER,
      unknownSizeElement(ElementId.segment),
      claimingElement(ATTACHMENTS, attachmentBytes),
    );
    const file = bytes(head, zeros(attachmentBytes), tracks(VIDEO_TRACK), cluster());
    const source = new MemorySource(file);
    expect((await readMediaInfo(source, never)).tracks.length).toBe(1);
    expect(source.touchedBytes).toBeLessThanOrEqual(48 * 1024);
  });

  it("finds tracks and info behind the media through the SeekHead", async () => {
    const media = cluster(5000);
    const seekLength = seekHead([ElementId.tracks, 0], [ElementId.info, 0]).length;
    const trackList = tracks(VIDEO_TRACK, AUDIO_TRACK);
    const tracksPosition = seekLength + media.length;
    const head = seekHead([ElementId.tracks, tracksPosition], [ElementId.info, tracksPosition + trackList.length]);
    const result = await probe(matroska(head, media, trackList, info(2500)));
    expect(result.tracks.length).toBe(2);
    expect(result.durationSeconds).toBe(2.5);
  });

  it("notes Cues in front of the media", async () => {
    const front = tracks(VIDEO_TRACK);
    const result = await probe(matroska(front, cues([0, 1, 0]), cluster()));
    expect(result.keyIndex).toEqual({ kind: "cues", startByte: EBML_HEADER.length + 12 + front.length });
  });

  it("does not believe in Cues beyond the end of a file that is cut off", async () => {
    const result = await probe(matroska(seekHead([ElementId.cues, 1e9]), tracks(VIDEO_TRACK), cluster()));
    expect(result.keyIndex).toBeUndefined();
  });

  it("accepts a Void between the EBML header and the Segment", async () => {
    const file = bytes(
      EBML_HEADER,
      element(VOID, zeros(9)),
      element(ElementId.segment, tracks(VIDEO_TRACK), cluster()),
    );
    expect((await probe(file)).tracks.length).toBe(1);
  });

  it("reads times in the scale of the file", async () => {
    expect((await probe(matroska(info(90_000, 100_000), tracks(VIDEO_TRACK)))).durationSeconds).toBe(9);
  });

  it.each([0, -5, Number.NaN, Number.POSITIVE_INFINITY])("takes a duration of %d for unknown", async (ticks) => {
    expect((await probe(matroska(info(ticks), tracks(VIDEO_TRACK)))).durationSeconds).toBeUndefined();
  });
});

const segmentOf = (...parts: Uint8Array[]) => bytes(EBML_HEADER, unknownSizeElement(ElementId.segment), ...parts);

describe("a Matroska header that does not keep its promises", () => {
  const manyVoids = zeros(4000).map((_, index) => (index % 2 === 0 ? VOID : 0x80));

  it.each([
    { title: "no Segment", file: bytes(EBML_HEADER, zeros(100)) },
    { title: "no tracks", file: matroska(info(1000), cluster()) },
    { title: "a SeekHead that leads to no tracks", file: matroska(seekHead([ElementId.tracks, 40]), cluster(500)) },
    {
      title: "tracks that go on beyond the file",
      file: segmentOf(claimingElement(ElementId.tracks, 50_000), zeros(100)),
    },
    { title: "tracks of a terabyte", file: segmentOf(claimingElement(ElementId.tracks, 2 ** 40)) },
    { title: "a SeekHead of unknown size", file: segmentOf(unknownSizeElement(ElementId.seekHead), zeros(50)) },
    { title: "thousands of elements in front of its tracks", file: segmentOf(manyVoids, tracks(VIDEO_TRACK)) },
  ])("is damaged by $title", async ({ file }) => {
    const source = new MemorySource(file, { sizeBytes: Math.max(file.length, 20_000) });
    await expect(readMediaInfo(source, never)).rejects.toMatchObject({ code: "damaged_media" });
    expect(source.touchedBytes).toBeLessThanOrEqual(20_000);
  });

  it("is not read far when its elements lie scattered over a huge file", async () => {
    // Each Void leads 32 KiB further into a file that goes on with zeros; there is no element, and the walk ends.
    const source = new MemorySource(segmentOf(claimingElement(VOID, 32_768)), { sizeBytes: 2 ** 40 });
    await expect(readMediaInfo(source, never)).rejects.toMatchObject({ code: "damaged_media" });
    expect(source.touchedBytes).toBeLessThanOrEqual(64 * 1024);
  });
});

describe("Matroska tracks", () => {
  it.each([
    ["V_MPEG4/ISO/AVC", "64 0034 01 640034", "video 0: h264 (V_MPEG4/ISO/AVC) default"],
    ["V_MPEG4/ISO/AVC", "01 640028 ff", "video 0: h264 (V_MPEG4/ISO/AVC) avc1.640028 default"],
    ["V_MPEGH/ISO/HEVC", "01 01 60000000 b00000000000 5d", "video 0: hevc (V_MPEGH/ISO/HEVC) hvc1.1.6.L93.b0 default"],
    ["V_AV1", "81 09 4c 00", "video 0: av1 (V_AV1) av01.0.09M.10 default"],
    ["V_VP9", "01 01 02 02 01 29 03 01 0a", "video 0: vp9 (V_VP9) vp09.02.41.10 default"],
    ["V_VP9", "", "video 0: vp9 (V_VP9) vp9 default"],
    ["V_MPEG4/ISO/ASP", "", "video 0: mpeg4 (V_MPEG4/ISO/ASP) default"],
    ["V_MPEG2", "", "video 0: mpeg2 (V_MPEG2) default"],
    ["V_THEORA", "", "video 0: theora (V_THEORA) default"],
    ["V_MS/VFW/FOURCC", "", "video 0: unknown (V_MS/VFW/FOURCC) default"],
    ["V_REAL/RV40", "", "video 0: unknown (V_REAL/RV40) default"],
  ])("knows video in %s with the configuration %j", async (codecId, configuration, expected) => {
    expect(await tracksOf(track(1, 1, codecId, privateData(fromHex(configuration))))).toEqual([expected]);
  });

  it.each([
    ["A_AAC", "1190", "aac (A_AAC) mp4a.40.2"],
    ["A_AAC/MPEG4/LC/SBR", "", "aac (A_AAC/MPEG4/LC/SBR) mp4a.40.2"],
    ["A_MPEG/L3", "", "mp3 (A_MPEG/L3) mp4a.6b"],
    ["A_MPEG/L2", "", "mp2 (A_MPEG/L2)"],
    ["A_AC3/BSID9", "", "ac3 (A_AC3/BSID9) ac-3"],
    ["A_EAC3", "", "eac3 (A_EAC3) ec-3"],
    ["A_DTS/LOSSLESS", "", "dts (A_DTS/LOSSLESS) dtsc"],
    ["A_TRUEHD", "", "truehd (A_TRUEHD) mlpa"],
    ["A_OPUS", "", "opus (A_OPUS) opus"],
    ["A_VORBIS", "", "vorbis (A_VORBIS) vorbis"],
    ["A_ALAC", "", "alac (A_ALAC) alac"],
    ["A_PCM/INT/LIT", "", "pcm (A_PCM/INT/LIT)"],
    ["A_MS/ACM", "", "unknown (A_MS/ACM)"],
    ["A_QUICKTIME/QDM2", "", "unknown (A_QUICKTIME/QDM2)"],
  ])("knows audio in %s with the configuration %j", async (codecId, configuration, expected) => {
    const entry = track(1, 2, codecId, privateData(fromHex(configuration)));
    expect(await tracksOf(entry)).toEqual([`audio 0: ${expected} 1ch 8000Hz default`]);
  });

  it.each([
    ["S_TEXT/UTF8", "srt"],
    ["S_TEXT/ASS", "ass"],
    ["S_TEXT/WEBVTT", "webvtt"],
    ["S_HDMV/PGS", "pgs"],
    ["S_VOBSUB", "vobsub"],
    ["S_DVBSUB", "dvb"],
    ["S_HDMV/TEXTST", "unknown"],
  ])("knows subtitles in %s", async (codecId, codec) => {
    expect(await tracksOf(track(1, 17, codecId))).toEqual([`subtitle 0: ${codec} (${codecId}) default`]);
  });

  it("looks into the Microsoft formats that VFW and ACM tracks carry", async () => {
    const bitmap = bytes(u32le(40), u32le(640), u32le(480), u16le(1), u16le(24), "XVID", zeros(20));
    const wave = bytes(u16le(0x2000), u16le(6), u32le(48_000), u32le(0), u16le(0), u16le(0), u16le(0));
    expect(
      await tracksOf(track(1, 1, "V_MS/VFW/FOURCC", privateData(bitmap)), track(2, 2, "A_MS/ACM", privateData(wave))),
    ).toEqual(["video 0: mpeg4 (V_MS/VFW/FOURCC) default", "audio 0: ac3 (A_MS/ACM) ac-3 1ch 8000Hz default"]);
  });

  it("numbers each kind by itself and leaves out what is neither seen, heard nor read", async () => {
    expect(
      await tracksOf(
        AUDIO_TRACK,
        VIDEO_TRACK,
        track(3, 0x21, "D_METADATA"),
        track(4, 2, "A_AC3"),
        track(5, 17, "S_TEXT/UTF8"),
      ),
    ).toEqual([
      "audio 0: opus (A_OPUS) opus 1ch 8000Hz default",
      "video 0: vp8 (V_VP8) vp8 default",
      "audio 1: ac3 (A_AC3) ac-3 1ch 8000Hz default",
      "subtitle 0: srt (S_TEXT/UTF8) default",
    ]);
  });

  it("reads size, rate, channels, flags, names and languages", async () => {
    const picture = element(ElementId.video, element(0xb0, 0x07, 0x80), element(0xba, 0x04, 0x38));
    const sound = element(ElementId.audio, element(0xb5, f64(24_000)), element(0x78b5, f64(48_000)), element(0x9f, 6));
    const frameDuration = element(ElementId.defaultDuration, 0x02, 0x7c, 0x6b, 0x2d);
    const notDefault = element(ElementId.flagDefault, 0);
    expect(
      await tracksOf(
        track(1, 1, "V_VP8", picture, frameDuration, notDefault),
        track(
          2,
          2,
          "A_OPUS",
          sound,
          element(ElementId.name, "Kommentar\0x"),
          element(ElementId.languageBcp47, "de-AT"),
        ),
      ),
    ).toEqual([
      "video 0: vp8 (V_VP8) vp8 1920x1080 23.976fps",
      'audio 0: opus (A_OPUS) opus 6ch 48000Hz [de-AT] "Kommentar" default',
    ]);
  });

  it("reads whom subtitles are for", async () => {
    expect(
      await tracksOf(
        track(1, 17, "S_TEXT/UTF8", element(ElementId.flagForced, 1), element(ElementId.flagDefault, 0)),
        track(2, 17, "S_TEXT/UTF8", element(ElementId.flagHearingImpaired, 1), element(ElementId.flagForced, 0)),
      ),
    ).toEqual([
      "subtitle 0: srt (S_TEXT/UTF8) forced",
      "subtitle 1: srt (S_TEXT/UTF8) default for the hearing impaired",
    ]);
  });

  it("takes English for the language of a track that says nothing", async () => {
    const silent = element(
      ElementId.trackEntry,
      element(ElementId.trackType, 17),
      element(ElementId.codecId, "S_TEXT/UTF8"),
    );
    expect(await tracksOf(silent)).toEqual(["subtitle 0: srt (S_TEXT/UTF8) [eng] default"]);
  });

  it("caps what an untrusted file may call things and how many tracks it may have", async () => {
    const named = track(1, 17, "S".repeat(500), element(ElementId.name, "n".repeat(5000)));
    const result = await probe(matroska(tracks(...Array.from({ length: 300 }, () => named)), cluster()));
    expect(result.tracks.length).toBe(128);
    expect(result.tracks[0]?.codecTag.length).toBe(64);
    expect(result.tracks[0]?.title?.length).toBe(200);
  });
});

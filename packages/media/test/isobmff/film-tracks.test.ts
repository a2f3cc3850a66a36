import { describe, expect, it } from "vitest";
import { type CodedTrack, openIsobmff } from "../../src/index.ts";
import { box, bytes, fromHex, zeros } from "../support/build.ts";
import { MemorySource, never } from "../support/memory-source.ts";
import { audioEntry, esds, FTYP, fullBox, moov, mvhd, quickTimeAudioEntry, trak, videoEntry } from "./film.ts";

const tracksOf = async (...traks: Uint8Array[]): Promise<readonly CodedTrack[]> =>
  (await openIsobmff(new MemorySource(bytes(FTYP, moov(mvhd(0), ...traks), box("mdat"))), never)).tracks;

const RECORD = fromHex("01 64 00 28 ff e1");
const CONFIG = fromHex("12 10");
/** Two channels, 312 samples of pre-skip, 48 kHz, gain of -256. */
const DOPS = fromHex("00 02 0138 0000bb80 ff00 00");
const OPUS_HEAD = fromHex("4f707573 48656164 01 02 3801 80bb0000 00ff 00");
const STREAMINFO = bytes(0x80, 0, 0, 34, zeros(34));

describe("the tracks of a film", () => {
  it.each<[string, string, Uint8Array, Uint8Array]>([
    ["H.264", "vide", videoEntry("avc1", box("avcC", RECORD)), RECORD],
    ["HEVC", "vide", videoEntry("hvc1", box("hvcC", RECORD)), RECORD],
    ["AV1", "vide", videoEntry("av01", box("av1C", RECORD)), RECORD],
    ["VP9, which has it in its packets", "vide", videoEntry("vp09", fullBox("vpcC", RECORD)), zeros(0)],
    ["MPEG-4", "vide", videoEntry("mp4v", esds(0x20, CONFIG)), CONFIG],
    ["AAC", "soun", audioEntry("mp4a", esds(0x40, CONFIG)), CONFIG],
    ["AAC in QuickTime", "soun", quickTimeAudioEntry("mp4a", box("wave", esds(0x40, CONFIG))), CONFIG],
    ["MP3", "soun", audioEntry("mp4a", esds(0x6b, zeros(0))), zeros(0)],
    ["AC-3, which has it in its packets", "soun", audioEntry("ac-3", box("dac3", 0, 0, 0)), zeros(0)],
    ["Opus", "soun", audioEntry("Opus", box("dOps", DOPS)), OPUS_HEAD],
    [
      "Opus of six channels",
      "soun",
      audioEntry("Opus", box("dOps", DOPS, 4, 2, "abcdef")),
      bytes(OPUS_HEAD, 4, 2, "abcdef"),
    ],
    ["Opus that is cut off", "soun", audioEntry("Opus", box("dOps", 0, 2)), zeros(0)],
    ["FLAC", "soun", audioEntry("fLaC", fullBox("dfLa", STREAMINFO)), STREAMINFO],
    ["ALAC", "soun", audioEntry("alac", fullBox("alac", zeros(24).fill(7))), zeros(24).fill(7)],
    ["text", "text", box("tx3g", zeros(8), "style"), bytes("style")],
    ["WebVTT", "text", box("wvtt", zeros(8), box("vttC", "WEBVTT")), bytes("WEBVTT")],
    ["no description", "soun", bytes(), zeros(0)],
  ])("have the configuration of their decoder: %s", async (_title, handler, entry, configuration) => {
    const [track] = await tracksOf(trak({ handler, entry, timescale: 600 }));
    expect(Buffer.from(track!.configuration)).toEqual(Buffer.from(configuration));
    expect(track).toMatchObject({ number: 1, timescale: 600 });
  });

  it("are those that can be told apart and timed, and keep their places", async () => {
    const tracks = await tracksOf(
      trak({ handler: "soun", id: 5 }),
      trak({ handler: "soun", id: 5 }),
      trak({ handler: "soun", id: 6, timescale: 0 }),
      trak({ handler: "soun", id: 7 }),
    );
    expect(tracks.map(({ number, track }) => [number, track.index])).toEqual([
      [5, 0],
      [7, 3],
    ]);
  });
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ENVELOPE_LEAD_SECONDS, envelopeTrack, filmEnvelopeBlocks, filmEnvelopeHead } from "../src/film-envelope.ts";
import { openMatroska } from "../src/matroska/demuxer.ts";
import type { AudioCodec, Track, VideoCodec } from "../src/media-info.ts";
import type { CodedTrack, Packet } from "../src/packet.ts";
import { concatenate } from "../src/reader.ts";
import { soundTrack } from "./audio-grid/support/sound.ts";
import { bytes, zeros } from "./support/build.ts";
import { demux } from "./support/demux.ts";
import { MemorySource, never } from "./support/memory-source.ts";

const configuration = bytes("configuration");
const NUMBER = 7;

function pictureTrack(
  codec: VideoCodec,
  rest: Partial<CodedTrack> = {},
  heightPixels: number | undefined = 360,
): CodedTrack {
  const named = { codec, codecTag: "", codecString: undefined, language: undefined, title: undefined, isDefault: true };
  const track: Track = {
    kind: "video",
    index: 0,
    widthPixels: 640,
    heightPixels,
    framesPerSecond: undefined,
    ...named,
  };
  return { number: NUMBER, track, timescale: 12_800, configuration, packetTicks: 512, ...rest };
}

function packetOf(trackNumber: number, ptsTicks: number, rest: Partial<Packet> = {}): Packet {
  const data = bytes(trackNumber, ptsTicks & 0xff);
  return { trackNumber, ptsTicks, dtsTicks: undefined, durationTicks: undefined, isKeyframe: true, data, ...rest };
}

/** What our own reader finds in an envelope of these tracks and packets. */
async function reopen(tracks: readonly CodedTrack[], packets: readonly Packet[]) {
  const written = tracks.flatMap((track, position) => envelopeTrack(track, position + 1) ?? []);
  const file = concatenate([filmEnvelopeHead(written), filmEnvelopeBlocks(written, packets)]);
  const demuxer = await openMatroska(new MemorySource(file), never);
  const read = (await demux(demuxer, file)).packets;
  const timescaleOf = (number: number) => demuxer.tracks[number - 1]!.timescale;
  return {
    tracks: demuxer.tracks.map(({ track }) => track),
    coded: demuxer.tracks,
    packets: read.map(({ trackNumber, ptsTicks, isKeyframe, data }) => {
      return { trackNumber, seconds: ptsTicks / timescaleOf(trackNumber), isKeyframe, data };
    }),
  };
}

describe("An envelope of a film", () => {
  test("holds its tracks and its packets, at the times of the film and a lead", async () => {
    const tracks = [pictureTrack("h264"), soundTrack("opus", 48_000, bytes("OpusHead", zeros(11)))];
    const packets = [
      packetOf(NUMBER, 12_800),
      packetOf(2, 24_000),
      packetOf(NUMBER, 13_824, { isKeyframe: false }),
      packetOf(99, 0),
      packetOf(2, -312),
    ];
    const read = await reopen(tracks, packets);
    expect(read.tracks).toMatchObject([
      { kind: "video", codec: "h264", widthPixels: 640, heightPixels: 360 },
      { kind: "audio", codec: "opus", channels: 6, sampleRateHz: 48_000 },
    ]);
    expect(read.coded[0]).toMatchObject({ configuration, packetTicks: 3600 });
    expect(read.packets.map(({ seconds }) => seconds - ENVELOPE_LEAD_SECONDS)).toEqual(
      [1, 0.5, 1.08, -0.0065].map((seconds) => expect.closeTo(seconds, 4)),
    );
    expect(read.packets.map(({ trackNumber, isKeyframe }) => [trackNumber, isKeyframe])).toEqual([
      [1, true],
      [2, true],
      [1, false],
      [2, true],
    ]);
    expect(read.packets.map(({ data }) => data)).toEqual([0, 1, 2, 4].map((index) => packets[index]!.data));
  });

  test.each<[VideoCodec, string]>([
    ["hevc", "V_MPEGH/ISO/HEVC"],
    ["av1", "V_AV1"],
    ["vp8", "V_VP8"],
    ["vp9", "V_VP9"],
    ["mpeg4", "V_MPEG4/ISO/ASP"],
    ["msmpeg4", "V_MPEG4/MS/V3"],
    ["mpeg1", "V_MPEG1"],
    ["mpeg2", "V_MPEG2"],
    ["theora", "V_THEORA"],
    ["mjpeg", "V_MJPEG"],
  ])("calls pictures of %s %s", async (codec, codecTag) => {
    expect((await reopen([pictureTrack(codec)], [packetOf(NUMBER, 0)])).tracks).toMatchObject([{ codec, codecTag }]);
  });

  test.each<[AudioCodec, string]>([
    ["aac", "A_AAC"],
    ["mp3", "A_MPEG/L3"],
    ["mp2", "A_MPEG/L2"],
    ["ac3", "A_AC3"],
    ["eac3", "A_EAC3"],
    ["dts", "A_DTS"],
    ["truehd", "A_TRUEHD"],
    ["vorbis", "A_VORBIS"],
    ["flac", "A_FLAC"],
    ["alac", "A_ALAC"],
  ])("calls sound of %s %s", async (codec, codecTag) => {
    const { coded } = await reopen([soundTrack(codec, 48_000, bytes(0x11, 0x90, zeros(34)))], [packetOf(2, 0)]);
    expect(coded).toMatchObject([{ track: { codec, codecTag } }]);
  });

  test("uses the words of Microsoft where the source has no others", async () => {
    const picture = bytes(zeros(16), "WVC1", zeros(20), 1, 2, 3);
    const sound = bytes(0x61, 1, 2, 0, 0x80, 0xbb, 0, 0, zeros(10));
    const tracks = [
      pictureTrack("vc1", { microsoftFormat: picture }),
      { ...soundTrack("wma"), microsoftFormat: sound },
    ];
    const { coded } = await reopen(tracks, [packetOf(NUMBER, 0)]);
    expect(coded).toMatchObject([
      { track: { codec: "vc1", codecTag: "V_MS/VFW/FOURCC" }, microsoftFormat: picture },
      { track: { codec: "wma", codecTag: "A_MS/ACM" }, microsoftFormat: sound },
    ]);
  });

  test.each<[string, CodedTrack]>([
    ["H.264 without its parameters", pictureTrack("h264", { configuration: zeros(0) })],
    ["VC-1 in words of MP4", pictureTrack("vc1")],
    ["an unknown picture", pictureTrack("unknown")],
    ["a picture of an impossible size", pictureTrack("mpeg2", {}, 1e9)],
    ["PCM, of which nothing tells how wide it is", soundTrack("pcm")],
    ["AAC without its parameters", soundTrack("aac")],
  ])("cannot hold %s", (_, track) => {
    expect(envelopeTrack(track, 1)).toBeUndefined();
  });

  test("cannot hold subtitles", () => {
    const named = { codecTag: "", language: undefined, title: undefined, isDefault: true };
    const flags = { isForced: false, isForHearingImpaired: false };
    const track: Track = { kind: "subtitle", index: 0, codec: "srt", ...named, ...flags };
    expect(envelopeTrack({ ...soundTrack("aac"), track }, 1)).toBeUndefined();
  });

  test.each([undefined, 1, 1e9])(
    "does not pass on a rate of pictures that is unknown or impossible: %d ticks",
    async (packetTicks) => {
      const read = await reopen([pictureTrack("mpeg2", { packetTicks })], [packetOf(NUMBER, 0)]);
      expect(read.coded[0]?.packetTicks).toBeUndefined();
    },
  );

  test("says the usual of sound that does not tell its rate or its channels, and nothing of a size that is unknown", async () => {
    const sound = soundTrack("ac3");
    const silent = { ...sound, track: { ...sound.track, channels: undefined, sampleRateHz: undefined } } as CodedTrack;
    const picture = pictureTrack("mpeg2");
    const sizeless = { ...picture, track: { ...picture.track, heightPixels: undefined } } as CodedTrack;
    const { tracks } = await reopen([silent, sizeless], [packetOf(2, 0)]);
    expect(tracks).toMatchObject([{ channels: 2, sampleRateHz: 48_000 }, { heightPixels: undefined }]);
  });

  test("leaves out what is too large for any decoder, and is never confused by times", () => {
    const written = [envelopeTrack(pictureTrack("mpeg2"), 1)!];
    expect(filmEnvelopeBlocks(written, [packetOf(NUMBER, 0, { data: zeros(64 * 1024 * 1024 + 1) })])).toEqual(zeros(0));
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.boolean(), (ptsTicks, isKeyframe) => {
        const block = filmEnvelopeBlocks(written, [packetOf(NUMBER, ptsTicks, { isKeyframe })]);
        expect(block.at(-3)).toBe(isKeyframe ? 0x80 : 0);
      }),
    );
  });
});

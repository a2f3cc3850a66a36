import { beforeAll, describe, expect, it } from "vitest";
import { everyNth } from "../../../../test/support/soak.ts";
import { nalUnitsOf } from "../../src/codecs/annex-b.ts";
import { type CodedTrack, type Demuxer, openMpegts, type Packet } from "../../src/index.ts";
import { corpusFile, demoFilm } from "../support/corpus.ts";
import { demux } from "../support/demux.ts";
import { remade } from "../support/ffmpeg.ts";
import { MemorySource, never } from "../support/memory-source.ts";
import { type FfmpegStream, ffmpegStreams } from "./ffmpeg-stream.ts";

const from =
  (arguments_: string, extension = "ts") =>
  () =>
    remade(demoFilm("MP4"), arguments_, extension);
const X264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p";

/** Title, film. */
const FILMS: [string, () => Promise<Uint8Array>][] = [
  ["H.264 and MP2 of the corpus", async () => corpusFile("ts/sample_h264_mpeg_audio.ts")],
  ["HEVC of the corpus", async () => corpusFile("ts/sample_h265.ts")],
  ["H.264 with B-frames and AAC", from("-c copy -t 12")],
  ["packets with timestamps in front (M2TS)", from("-c:v copy -t 12 -c:a ac3 -mpegts_m2ts_mode 1 -f mpegts", "m2ts")],
  ["M2TS of AAC, which its program map does not name", from("-c copy -t 8 -mpegts_m2ts_mode 1 -f mpegts", "m2ts")],
  ["a clock that begins again at 0 on the way", from("-c copy -t 12 -output_ts_offset 95440")],
  ["tables that come with every keyframe alone", from("-c copy -t 12 -mpegts_flags resend_headers")],
  ["AC-3 in 5.1", from("-c:v copy -t 8 -c:a ac3 -ac 6")],
  ["E-AC-3", from("-c:v copy -t 8 -c:a eac3")],
  ["DTS", from("-c:v copy -t 8 -strict -2 -c:a dca -ac 6")],
  ["MP2", from("-c:v copy -t 8 -c:a mp2")],
  ["MP3", from("-c:v copy -t 8 -c:a libmp3lame")],
  ["AAC at 44.1 kHz", from("-c:v copy -t 8 -c:a aac -ar 44100")],
  ["HE-AAC rates", from("-c:v copy -t 8 -c:a aac -ar 24000 -ac 1")],
  [
    "HEVC with delimiters and B-frames",
    from("-t 4 -c:v libx265 -preset ultrafast -x265-params log-level=error:aud=1:bframes=3:keyint=24 -c:a copy"),
  ],
  ["open groups of pictures", from(`-t 8 ${X264} -g 24 -bf 2 -x264-params open-gop=1 -c:a copy`)],
  ["several slices, and delimiters", from(`-t 4 ${X264} -g 24 -x264-params slices=4:aud=1 -c:a copy`)],
  [
    "a constant rate with filler data",
    from(`-t 4 ${X264} -g 24 -b:v 2M -minrate 2M -maxrate 2M -bufsize 1M -x264-params nal-hrd=cbr:filler=1 -c:a copy`),
  ],
  ["MPEG-2", from("-t 4 -c:v mpeg2video -g 12 -bf 2 -c:a mp2")],
  ["sound alone", from("-vn -c:a copy -t 8")],
  ["PES packets of one frame of sound", from("-c copy -t 8 -pes_payload_size 0")],
];

describe.each(everyNth(FILMS, 2))("%s", (_title, load) => {
  let film: Uint8Array;
  let demuxer: Demuxer;
  let packets: readonly Packet[];
  let streams: readonly FfmpegStream[];

  beforeAll(async () => {
    film = await load();
    streams = await ffmpegStreams(film);
    demuxer = await openMpegts(new MemorySource(film), never);
    ({ packets } = await demux(demuxer, film));
  });

  it("has the packets of ffmpeg: bytes, order, keyframes and times", () => {
    const originPts = Math.min(...streams.map(({ startPts }) => startPts));
    expect(demuxer.tracks.map(({ number }) => number)).toEqual(streams.map(({ number }) => number));
    for (const stream of streams) {
      const coded = demuxer.tracks.find(({ number }) => number === stream.number)!;
      const own = packets.filter(({ trackNumber }) => trackNumber === stream.number);
      expect(own.length).toBe(stream.packets.length);
      for (const [index, expected] of stream.packets.entries()) {
        const packet = own[index]!;
        const ticks = (time: number): number => ((time - originPts) * coded.timescale) / 90_000;
        expect(Math.abs(packet.ptsTicks - ticks(expected.pts))).toBeLessThanOrEqual(1.5);
        expect(packet.dtsTicks ?? ticks(expected.dts)).toBe(ticks(expected.dts));
        expect(packet.isKeyframe).toBe(expected.isKeyframe);
        expect(Buffer.compare(packet.data, sampleOf(coded, expected.data))).toBe(0);
      }
    }
  });

  it("lasts until its last packet ends", () => {
    const originPts = Math.min(...streams.map(({ startPts }) => startPts));
    const lastPts = Math.max(...streams.flatMap((stream) => stream.packets.map(({ pts }) => pts)));
    const lastSeconds = (lastPts - originPts) / 90_000;
    expect(demuxer.durationSeconds).toBeGreaterThan(lastSeconds);
    expect(demuxer.durationSeconds).toBeLessThan(lastSeconds + 0.05);
  });
});

/** What MP4 holds of a packet of ffmpeg's: without start codes, delimiters, filler data and parameter sets, and without ADTS headers. */
function sampleOf({ track }: CodedTrack, data: Uint8Array): Uint8Array {
  if (track.codec === "aac") return data.subarray((data[1]! & 1) === 1 ? 7 : 9);
  if (track.codec !== "h264" && track.codec !== "hevc") return data;
  const leftOut = track.codec === "h264" ? [7, 8, 9, 12] : [32, 33, 34, 35, 38];
  const typeOf = (first: number): number => (track.codec === "h264" ? first & 31 : (first >> 1) & 63);
  const kept = nalUnitsOf(data)!.filter((nalUnit) => !leftOut.includes(typeOf(nalUnit[0]!)));
  return Buffer.concat(
    kept.flatMap((nalUnit) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(nalUnit.length);
      return [length, nalUnit];
    }),
  );
}

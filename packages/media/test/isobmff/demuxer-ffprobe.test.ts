import { beforeAll, describe, expect, it } from "vitest";
import { everyNth } from "../../../../test/support/soak.ts";
import { type Demuxer, openIsobmff } from "../../src/index.ts";
import { corpusFile, demoFilm } from "../support/corpus.ts";
import { demux, stretchesOf } from "../support/demux.ts";
import { type ProbedTrack, probedTracks, remade, sha256 } from "../support/ffmpeg.ts";
import { MemorySource, never } from "../support/memory-source.ts";

const from =
  (name: Parameters<typeof demoFilm>[0], arguments_: string, extension = "mp4") =>
  () =>
    remade(demoFilm(name), arguments_, extension);
const corpus = (name: string) => async () => corpusFile(`mp4/${name}.mp4`);

/**
 * How the times of ffprobe 5.1 map to ours. `same`: to the tick, edit lists applied. `shifted`: it moves a track whose composition
 * offsets are negative by their lowest, decoding times in plain files, presentation times in fragments; what lies between packets
 * is the same. `tables`: packets are the same, but keyframes have the times of an index that is some frames off.
 */
type Mapping = "same" | "shifted" | "tables";

/** Title, film, mapping. */
const FILMS: [string, () => Promise<Uint8Array>, Mapping][] = [
  ["h265_bframes", corpus("h265_bframes"), "same"],
  ["long_1080p_lowbitrate", corpus("long_1080p_lowbitrate"), "same"],
  ["sample", corpus("sample"), "same"],
  ["sample_eac3", corpus("sample_eac3"), "same"],
  ["sample_fragmented", corpus("sample_fragmented"), "tables"],
  ["sample_missing_stsd", corpus("sample_missing_stsd"), "same"],
  ["the bundled film", async () => demoFilm("MP4"), "same"],
  ["moov last", from("MP4", "-c copy"), "same"],
  ["a start that is cut off between keyframes", from("MP4", "-ss 5 -c copy"), "same"],
  ["negative composition offsets", from("MP4", "-c copy -movflags negative_cts_offsets"), "shifted"],
  ["QuickTime with uncompressed sound", from("MP4", "-c:v copy -c:a pcm_s16le -t 5", "mov"), "same"],
  ["a film that starts late", from("MP4", "-c copy -t 5 -output_ts_offset 1.5"), "same"],
  ["sound alone", from("MP4", "-c copy -vn", "m4a"), "same"],
  ["ALAC", from("MP4", "-vn -c:a alac -t 5", "m4a"), "same"],
  ["VP9 and Opus", from("WebM", "-c copy"), "same"],
  ["FLAC", from("MP4", "-c:v copy -c:a flac -strict -2 -t 5"), "same"],
  ["MPEG-4 and MP3", from("MP4", "-c:v mpeg4 -c:a libmp3lame -t 5"), "same"],
  ["fragments", from("MP4", "-c copy -movflags frag_keyframe+empty_moov"), "tables"],
  ["fragments behind samples in the moov", from("MP4", "-c copy -movflags frag_keyframe"), "tables"],
  ["fragments without bases", from("MP4", "-c copy -movflags frag_keyframe+empty_moov+omit_tfhd_offset"), "tables"],
  ["CMAF fragments", from("MP4", "-c copy -movflags cmaf+frag_keyframe"), "shifted"],
  [
    "fragments with one index in front",
    from("MP4", "-c copy -movflags frag_keyframe+empty_moov+default_base_moof+global_sidx"),
    "tables",
  ],
  ["fragments with an index each", from("MP4", "-c copy -movflags frag_keyframe+dash"), "same"],
  ["a fragment for each track", from("MP4", "-c copy -movflags frag_keyframe+empty_moov+separate_moof"), "tables"],
];

/** The longest that an index of fragments was off: two frames. */
const TABLE_ERROR_SECONDS = 0.09;

interface Times {
  readonly pts: number;
  readonly dts: number;
}

function mapped<T extends Times>(packets: readonly T[], mapping: Mapping): T[] {
  const { pts, dts } = mapping === "shifted" ? packets[0]! : { pts: 0, dts: 0 };
  return packets.map((packet) => ({ ...packet, pts: packet.pts - pts, dts: packet.dts - dts }));
}

describe.each(everyNth(FILMS, 2))("%s", (_title, load, mapping) => {
  let film: Uint8Array;
  let demuxer: Demuxer;
  let probed: readonly ProbedTrack[];

  beforeAll(async () => {
    film = await load();
    probed = await probedTracks(film);
    demuxer = await openIsobmff(new MemorySource(film), never);
  });

  it("has the packets that ffprobe finds: bytes, order and times to the tick", async () => {
    const { packets } = await demux(demuxer, film);
    expect(demuxer.tracks.map(({ number }) => number)).toEqual(probed.map(({ number }) => number));
    for (const track of probed) {
      const own = packets.filter(({ trackNumber }) => trackNumber === track.number);
      const found = own.map(({ ptsTicks, dtsTicks = Number.NaN, isKeyframe, data }, index) => {
        const duration = track.packets[index]?.duration;
        return { pts: ptsTicks, dts: dtsTicks, duration, isKeyframe, sha256: sha256(data) };
      });
      expect(mapped(found, mapping)).toEqual(mapped(track.packets, mapping));
      // It changes the last duration to that of the edit, and knows none of some fragments.
      for (const [index, { duration }] of track.packets.slice(0, -1).entries()) {
        expect(own[index]?.durationTicks).toBe(duration ?? own[index]?.durationTicks);
      }
    }
  });

  it("has the configurations that ffmpeg gives its decoders", async () => {
    const sameForm = demuxer.tracks.filter(({ track }) =>
      ["h264", "hevc", "aac", "opus", "mpeg4"].includes(track.codec),
    );
    for (const { number, configuration } of sameForm) {
      expect(sha256(configuration)).toBe(probed.find((track) => track.number === number)?.configurationSha256);
    }
  });

  it("is entered at the keyframes that ffprobe finds", async () => {
    const lead = demuxer.tracks.find(({ track }) => track.kind === "video");
    const entries = (await demuxer.keyIndex(never)) ?? [];
    if (lead === undefined) return;
    const { packets } = probed.find(({ number }) => number === lead.number)!;
    const keyframes = packets.filter(({ isKeyframe }) => isKeyframe);
    expect(entries.length).toBe(keyframes.length);
    for (const [index, { pts }] of keyframes.entries()) {
      const errorSeconds = Math.abs(entries[index]!.timeSeconds - pts / lead.timescale);
      expect(errorSeconds).toBeLessThanOrEqual(mapping === "same" ? 0 : TABLE_ERROR_SECONDS);
    }
  });

  it("is the same in stretches", async () => {
    const entries = (await demuxer.keyIndex(never)) ?? [];
    const whole = (await demux(demuxer, film)).packets;
    const parts = [];
    for (const stretch of stretchesOf(entries)) parts.push(...(await demux(demuxer, film, { stretch })).packets);
    for (const { number } of demuxer.tracks) {
      const own = (packets: typeof whole) =>
        packets
          .filter(({ trackNumber }) => trackNumber === number)
          .map(({ dtsTicks, data }) => [dtsTicks, sha256(data)]);
      expect(own(parts)).toEqual(own(whole));
    }
  });
});

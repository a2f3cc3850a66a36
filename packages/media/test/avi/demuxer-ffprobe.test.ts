import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { everyNth } from "../../../../test/support/soak.ts";
import { type Demuxer, openAvi, type Packet } from "../../src/index.ts";
import { corpusFile, demoFilm } from "../support/corpus.ts";
import { demux, stretchesOf } from "../support/demux.ts";
import { packetsOfContainer, remade } from "../support/ffmpeg.ts";
import { MemorySource, never } from "../support/memory-source.ts";

const from = (arguments_: string) => () => remade(demoFilm("MP4"), `-t 12 -vf scale=320:-2 ${arguments_}`, "avi");

/** Title, film, and whether ffprobe tells the right times of its sound. */
const FILMS: [string, () => Promise<Uint8Array>, { readonly isSoundTimed?: boolean }][] = [
  ["the corpus' sample, whose writer left pictures out", async () => corpusFile("avi/sample.avi"), {}],
  ["MPEG-4 and MP3", from("-c:v mpeg4 -vtag XVID -c:a libmp3lame"), {}],
  ["MPEG-4 with B-frames and AC-3", from("-c:v mpeg4 -bf 2 -g 48 -c:a ac3"), {}],
  ["H.264 with B-frames and MP3 of a low rate", from("-c:v libx264 -bf 2 -c:a libmp3lame -ar 22050"), {}],
  ["DivX 3 and MP2", from("-c:v msmpeg4 -c:a mp2"), {}],
  ["MJPEG and PCM", from("-c:v mjpeg -c:a pcm_s16le"), {}],
  ["MPEG-4 and AAC", from("-c:v mpeg4 -c:a aac"), {}],
  // It takes 2 for the length of a block, and so each frame for 1024 of them.
  ["MPEG-4 and DTS", from("-c:v mpeg4 -c:a dca -strict -2"), { isSoundTimed: false }],
  ["pictures alone", from("-c:v mpeg4 -an"), {}],
  ["sound alone", () => remade(demoFilm("MP4"), "-vn -c:a libmp3lame", "avi"), {}],
];

const md5 = (data: Uint8Array): string => createHash("md5").update(data).digest("hex");
const seen = ({ dtsTicks, isKeyframe, data }: Packet) => ({ dtsTicks, isKeyframe, md5: md5(data) });

describe.each(everyNth(FILMS, 2))("%s", (_title, load, { isSoundTimed = true }) => {
  let film: Uint8Array;
  let demuxer: Demuxer;
  let probed: Awaited<ReturnType<typeof packetsOfContainer>>;

  beforeAll(async () => {
    film = await load();
    probed = await packetsOfContainer(film);
    demuxer = await openAvi(new MemorySource(film), never);
  });

  it("has the packets that ffprobe finds: count, bytes, keyframes and times", async () => {
    const { packets } = await demux(demuxer, film);
    for (const { number, timescale, track } of demuxer.tracks) {
      const own = packets.filter(({ trackNumber }) => trackNumber === number);
      const theirs = probed.filter(({ stream_index }) => stream_index === number - 1);
      expect(own.map(({ isKeyframe, data }) => [isKeyframe, md5(data)])).toEqual(
        theirs.map(({ flags, data_hash }) => [flags.startsWith("K"), data_hash.slice("MD5:".length)]),
      );
      if (track.kind === "audio" && !isSoundTimed) continue;
      const errors = own.map(({ dtsTicks = 0 }, place) =>
        Math.abs(dtsTicks / timescale - Number(theirs[place]?.dts_time)),
      );
      expect(Math.max(...errors)).toBeLessThan(0.000_02);
    }
    expect(packets.length).toBe(probed.length);
  });

  it("is entered at the keyframes that ffprobe finds, and the same in stretches", async () => {
    const entries = (await demuxer.keyIndex(never)) ?? [];
    const [lead] = demuxer.tracks;
    const keys = probed.filter(({ stream_index, flags }) => stream_index === 0 && flags.startsWith("K"));
    const listed = new Set(keys.map(({ dts_time }) => Number(dts_time).toFixed(4)));
    expect(entries.every(({ timeSeconds }) => listed.has(timeSeconds.toFixed(4)))).toBe(true);
    const isThinned = lead?.track.kind === "audio" || lead?.track.codec === "mjpeg";
    expect(entries.length === keys.length || isThinned).toBe(true);
    const whole = (await demux(demuxer, film)).packets;
    const parts: Packet[] = [];
    for (const stretch of stretchesOf(entries)) parts.push(...(await demux(demuxer, film, { stretch })).packets);
    for (const { number } of demuxer.tracks) {
      const own = (packets: readonly Packet[]) => packets.filter(({ trackNumber }) => trackNumber === number).map(seen);
      expect(own(parts)).toEqual(own(whole));
    }
  });
});

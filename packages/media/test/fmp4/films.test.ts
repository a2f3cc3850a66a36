import { describe, expect, it } from "vitest";
import { everyNth } from "../../../../test/support/soak.ts";
import { hevcArrays } from "../../src/codecs/hevc.ts";
import { hexOf } from "../../src/hex.ts";
import {
  codecStringOf,
  Fragmenter,
  initSegment,
  isMuxable,
  type MuxTrack,
  needsFirstPacket,
  packetDurationTicks,
} from "../../src/index.ts";
import { parseElementaryStream } from "../../src/isobmff/descriptors.ts";
import { corpusFile } from "../support/corpus.ts";
import { complaintsOf, makeClip, muxedByFfmpeg, probe } from "./clips.ts";
import { readMatroska, type Source } from "./matroska-packets.ts";
import { type ReadSample, readFragment, sampleEntryOf } from "./movie.ts";

const X264 = "-c:v libx264 -preset veryfast -g 24 -pix_fmt yuv420p";
const X265 = "-c:v libx265 -preset ultrafast -pix_fmt yuv420p -x265-params log-level=error:keyint=24:rc-lookahead=16";
const VP9 = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 24";
const STEREO_44 = "-f lavfi -i sine=440:r=44100 -ac 2 -t 2";

interface Film {
  readonly title: string;
  readonly encoding: string;
  readonly source?: string;
  /** By index of track, what `codecStringOf` says. */
  readonly codecStrings: readonly string[];
}

const FILMS = everyNth<Film>(
  [
    {
      title: "H.264 with a pyramid, AAC",
      encoding: `${X264} -bf 3 -c:a aac`,
      codecStrings: ["avc1.64000c", "mp4a.40.2"],
    },
    {
      title: "H.264 with one B-frame, MP3",
      encoding: `${X264} -bf 1 -c:a libmp3lame`,
      codecStrings: ["avc1.64000c", "mp4a.6B"],
    },
    { title: "H.264 without B-frames", encoding: `${X264} -bf 0 -c:a aac`, codecStrings: ["avc1.64000c", "mp4a.40.2"] },
    {
      title: "H.264 with open groups, AC-3",
      encoding: `${X264} -bf 3 -x264-params open-gop=1 -c:a ac3`,
      codecStrings: ["avc1.64000c", "ac-3"],
    },
    { title: "H.264 of keyframes alone", encoding: `${X264} -g 1 -an`, codecStrings: ["avc1.64100c"] },
    { title: "H.264, 10 bits", encoding: `${X264} -pix_fmt yuv420p10le -an`, codecStrings: ["avc1.6e000c"] },
    { title: "HEVC, E-AC-3", encoding: `${X265} -c:a eac3`, codecStrings: ["hvc1.1.6.L60.90", "ec-3"] },
    {
      title: "HEVC with many B-frames, 10 bits",
      encoding: `${X265}:bframes=8:b-pyramid=1 -pix_fmt yuv420p10le -an`,
      codecStrings: ["hvc1.2.4.L60.90"],
    },
    {
      title: "AV1, FLAC of 16 bits",
      encoding: "-c:v libsvtav1 -preset 12 -g 24 -c:a flac -sample_fmt s16",
      codecStrings: ["av01.0.00M.08", "flac"],
    },
    { title: "VP9, Opus", encoding: `${VP9} -c:a libopus`, codecStrings: ["vp09.00.11.08", "opus"] },
    {
      title: "VP9 with hidden frames",
      encoding: "-c:v libvpx-vp9 -deadline good -cpu-used 8 -auto-alt-ref 1 -lag-in-frames 16 -g 24 -an",
      codecStrings: ["vp09.00.11.08"],
    },
    {
      title: "VP9, 10 bits",
      encoding: `${VP9} -profile:v 2 -pix_fmt yuv420p10le -an`,
      codecStrings: ["vp09.02.11.10"],
    },
    {
      title: "VP8, FLAC of 24 bits",
      encoding: "-c:v libvpx -deadline realtime -cpu-used 8 -g 24 -c:a flac -sample_fmt s32",
      codecStrings: ["vp08.00.11.08", "flac"],
    },
    { title: "AAC at 44.1 kHz", source: STEREO_44, encoding: "-c:a aac", codecStrings: ["mp4a.40.2"] },
    { title: "MP3 at 44.1 kHz", source: STEREO_44, encoding: "-c:a libmp3lame", codecStrings: ["mp4a.6B"] },
    { title: "MP3 at 22.05 kHz", source: STEREO_44, encoding: "-c:a libmp3lame -ar 22050", codecStrings: ["mp4a.69"] },
    { title: "AC-3 5.1 at 44.1 kHz", source: STEREO_44, encoding: "-c:a ac3 -ac 6 -b:a 448k", codecStrings: ["ac-3"] },
    { title: "E-AC-3 5.1", source: STEREO_44, encoding: "-c:a eac3 -ac 6 -ar 48000 -b:a 640k", codecStrings: ["ec-3"] },
    {
      title: "Opus 5.1 of 60 ms",
      source: STEREO_44,
      encoding: "-c:a libopus -ac 6 -frame_duration 60",
      codecStrings: ["opus"],
    },
    {
      title: "FLAC at 96 kHz",
      source: STEREO_44,
      encoding: "-c:a flac -sample_fmt s32 -ar 96000",
      codecStrings: ["flac"],
    },
  ],
  2,
);

function muxTracks({ tracks, packets }: Source): MuxTrack[] {
  const firstPacket = (number: number) => packets.find(({ trackNumber }) => trackNumber === number)?.data;
  return tracks.map((coded, index) => ({ id: index + 1, coded, firstPacket: firstPacket(coded.number) }));
}

function originsOf({ tracks, packets }: Source): Map<number, number> {
  return new Map(
    tracks.map(({ number }) => [number, packets.find(({ trackNumber }) => trackNumber === number)!.ptsTicks]),
  );
}

function fragmentsOf(source: Source, packets = source.packets): Uint8Array[][] {
  const fragmenter = new Fragmenter(muxTracks(source), { originTicks: originsOf(source) });
  for (const packet of packets) fragmenter.push(packet);
  return fragmenter.finish();
}

function muxed(source: Source): Uint8Array {
  const init = initSegment(muxTracks(source), { durationSeconds: 2 });
  return new Uint8Array(Buffer.concat([init, ...fragmentsOf(source).flat()]));
}

const made = new Map<Film, Promise<Uint8Array>>();

/** Made when it is first asked for. */
function clipOf(film: Film): Promise<Uint8Array> {
  const clip = made.get(film) ?? makeClip(film.encoding, film.source);
  made.set(film, clip);
  return clip;
}

describe("fragments of", () => {
  it.each(FILMS)("$title: ffprobe finds the packets of the source, at their times", async (film) => {
    const clip = await clipOf(film);
    const source = readMatroska(clip);
    expect(muxTracks(source).map(codecStringOf)).toEqual(film.codecStrings);
    const [expected, found] = await Promise.all([probe(clip, "mkv"), probe(muxed(source), "mp4")]);
    expect(found.packets.map(({ length }) => length)).toEqual(expected.packets.map(({ length }) => length));
    expect(Math.abs(found.durationSeconds - 2)).toBeLessThan(0.1);
    for (const [index, packets] of expected.packets.entries()) {
      for (const [place, { ptsSeconds, sizeBytes, isKeyframe }] of packets.entries()) {
        const packet = found.packets[index]![place]!;
        expect(packet).toMatchObject({ sizeBytes, isKeyframe });
        // What Opus discards at the start lies before 0.
        expect(Math.abs(packet.ptsSeconds - Math.max(0, ptsSeconds))).toBeLessThanOrEqual(0.001);
        expect(packet.ptsSeconds).toBeGreaterThanOrEqual(packet.dtsSeconds);
        expect(packet.dtsSeconds).toBeGreaterThan(found.packets[index]![place - 1]?.dtsSeconds ?? -1);
      }
    }
  });

  it.each(FILMS)("$title: ffmpeg decodes them without a complaint", async (film) => {
    expect(await complaintsOf(muxed(readMatroska(await clipOf(film))))).toBe("");
  });

  // ffmpeg does not put VP8 into MP4.
  it.each(FILMS.filter(({ title }) => !title.startsWith("VP8")))(
    "$title: decoders are configured as ffmpeg does",
    async (film) => {
      const clip = await clipOf(film);
      const tag = film.codecStrings[0]?.startsWith("hvc1") ? "-tag:v hvc1" : "";
      const [ours, theirs] = [muxed(readMatroska(clip)), await muxedByFfmpeg(clip, tag)];
      for (const index of film.codecStrings.keys()) {
        const [entry, expected] = [sampleEntryOf(ours, index), sampleEntryOf(theirs, index)];
        expect(entry.type).toBe(expected.type);
        // ffmpeg leaves out how wide pixels are and what colours mean where that is usual.
        const boxes = [...entry.boxes].filter(([type]) => expected.boxes.has(type) || !["colr", "pasp"].includes(type));
        for (const [type, content] of boxes) {
          expect(comparable(type, content)).toEqual(comparable(type, expected.boxes.get(type)!));
        }
      }
    },
  );

  it.each(FILMS)("$title: sound lies on its grid, and packets last as long as they say", async (film) => {
    const source = readMatroska(await clipOf(film));
    for (const { id, coded } of muxTracks(source).filter((track) => track.coded.track.kind === "audio")) {
      const [first, ...others] = samplesOf(fragmentsOf(source), id);
      // The first of Opus is cut short by what it discards.
      for (const [index, sample] of others.slice(1).entries()) {
        const before = others[index]!;
        expect(sample.dtsTicks - before.dtsTicks).toBe(packetDurationTicks(coded, before.data));
      }
      expect(first?.dtsTicks).toBe(Math.max(0, originsOf(source).get(coded.number)!));
    }
  });

  it.each(FILMS)("$title: a stretch has the samples that it has in the whole", async (film) => {
    const source = readMatroska(await clipOf(film));
    const leading = source.tracks[0]!.number;
    const isStart = source.packets.map(({ isKeyframe, trackNumber }) => isKeyframe && trackNumber === leading);
    const starts = [...isStart.keys()].filter((index) => isStart[index]);
    const cutAt = starts[starts.length >> 1]!;
    const whole = fragmentsOf(source);
    const before = fragmentsOf(source, source.packets.slice(0, cutAt));
    const after = fragmentsOf(source, source.packets.slice(cutAt));
    for (const { id } of muxTracks(source)) {
      const [all, first, second] = [whole, before, after].map((each) => samplesOf(each, id).map(digest));
      // Only the last picture of a stretch cannot know when the next one is decoded.
      expect(first!.slice(0, -1)).toEqual(all!.slice(0, Math.max(0, first!.length - 1)));
      expect(second).toEqual(all!.slice(first!.length));
    }
  });
});

function samplesOf(fragments: readonly Uint8Array[][], trackId: number): ReadSample[] {
  return fragments.map(readFragment).flatMap(({ runs }) => runs.get(trackId) ?? []);
}

/** All that there is to compare, in a line. */
function digest({ data, ...times }: ReadSample): string {
  return JSON.stringify({ ...times, data: hexOf(data.subarray(0, 64)), sizeBytes: data.length });
}

/** What decides how a decoder is configured; what two muxers may differ in is left out. */
function comparable(type: string, content: Uint8Array): unknown {
  // ffmpeg writes bit rates, and the number of the stream.
  if (type === "esds") return parseElementaryStream(content);
  // Whether arrays are complete: ffmpeg leaves it as Matroska has it.
  if (type === "hvcC")
    return [...hevcArrays(content)].map(({ nalUnitType, nalUnits }) => [nalUnitType, nalUnits.map(hexOf)]);
  // Where chroma lies is told nowhere: profile, level, bit depth, and whether the range is full.
  if (type === "vpcC") return [content[4], content[5], content[6]! >> 4, content[6]! & 1];
  return hexOf(content);
}

describe("films of the corpus", () => {
  it.each(["mkv/sample_av1.mkv", "mkv/bbb_642x642_768kbps_30fps_vp9.webm", "mka/bear-flac-16bit.mka"])(
    "mux %s",
    async (path) => {
      const read = readMatroska(corpusFile(path));
      const tracks = read.tracks.filter(isMuxable);
      const packets = read.packets.filter(({ trackNumber }) => tracks.some(({ number }) => number === trackNumber));
      expect(tracks.map(needsFirstPacket)).toHaveLength(tracks.length);
      const file = muxed({ tracks, packets });
      const found = await probe(file, "mp4");
      expect(found.packets.map(({ length }) => length)).toEqual(
        tracks.map(({ number }) => packets.filter(({ trackNumber }) => trackNumber === number).length),
      );
      expect(await complaintsOf(file)).toBe("");
    },
  );
});

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { corpusPath, demoFilmPath } from "../support/corpus.ts";
import { probePackets } from "../support/ffprobe.ts";
import { batchesOf, open } from "../support/packets.ts";

const FILMS = [
  corpusPath("mkv/bbb_642x642_768kbps_30fps_vp9.webm"),
  corpusPath("mkv/sample.mkv"),
  corpusPath("mkv/sample_av1.mkv"),
  corpusPath("mkv/sample_with_chapters.mkv"),
  corpusPath("mkv/sample_with_dts.mkv"),
  corpusPath("mkv/sample_with_pgs_subtitles.mkv"),
  corpusPath("mkv/sample_with_srt.mkv"),
  corpusPath("mkv/sample_with_ssa_subtitles.mkv"),
  corpusPath("mka/bear-flac-16bit.mka"),
  demoFilmPath("MKV"),
  demoFilmPath("WebM"),
];

/** ffmpeg cuts the times inside a lace down to whole milliseconds, and the block's own was rounded to one before. */
const TOLERANCE_SECONDS = 0.0015;

describe("packets", () => {
  it.each(FILMS)("are those that ffprobe finds in %s", async (path) => {
    const file = new Uint8Array(readFileSync(path));
    const demuxer = await open(file);
    const packets = (await batchesOf(file, demuxer)).flat();
    const probed = await probePackets(path);
    const trackOf = (streamIndex: number) => demuxer.tracks[streamIndex]!;
    expect(
      packets.map(({ trackNumber, data, isKeyframe }) => ({
        trackNumber,
        sizeBytes: data.length,
        hash: `MD5:${createHash("md5").update(data).digest("hex")}`,
        isKeyframe,
      })),
    ).toEqual(
      probed.map(({ stream_index, size, data_hash, flags }) => {
        const { number, track } = trackOf(stream_index);
        // Some muxers mark sound or text as if it depended on what came before.
        const isKeyframe = flags.startsWith("K") || track.kind !== "video";
        return { trackNumber: number, sizeBytes: Number(size), hash: data_hash, isKeyframe };
      }),
    );
    const differences = packets.map(({ ptsTicks }, position) => {
      const { stream_index, pts_time } = probed[position]!;
      const { timescale } = trackOf(stream_index);
      return Math.abs(ptsTicks / timescale - Number(pts_time));
    });
    expect(Math.max(...differences)).toBeLessThanOrEqual(TOLERANCE_SECONDS);
  });
});

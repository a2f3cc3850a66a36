import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { corpusPath, demoFilmPath } from "../support/corpus.ts";
import { probePackets } from "../support/ffprobe.ts";
import { batchesOf, open } from "../support/packets.ts";

/** ffmpeg takes the CodecDelay off the times of the sound; Matroska's own times contain it. */
const FILMS = [
  { path: corpusPath("mkv/bbb_642x642_768kbps_30fps_vp9.webm"), soundDelaySeconds: 0 },
  { path: corpusPath("mkv/sample.mkv"), soundDelaySeconds: 0 },
  { path: corpusPath("mkv/sample_av1.mkv"), soundDelaySeconds: 0 },
  { path: corpusPath("mkv/sample_with_chapters.mkv"), soundDelaySeconds: 0.023 },
  { path: corpusPath("mkv/sample_with_dts.mkv"), soundDelaySeconds: 0 },
  { path: corpusPath("mkv/sample_with_pgs_subtitles.mkv"), soundDelaySeconds: 0 },
  { path: corpusPath("mkv/sample_with_srt.mkv"), soundDelaySeconds: 0 },
  { path: corpusPath("mkv/sample_with_ssa_subtitles.mkv"), soundDelaySeconds: 0 },
  { path: corpusPath("mka/bear-flac-16bit.mka"), soundDelaySeconds: 0 },
  { path: demoFilmPath("MKV"), soundDelaySeconds: 0 },
  { path: demoFilmPath("WebM"), soundDelaySeconds: 0.007 },
];

/** ffmpeg cuts the times inside a lace down to whole milliseconds, and the block's own was rounded to one before. */
const TOLERANCE_SECONDS = 0.0015;

describe("packets", () => {
  it.each(FILMS)("are those that ffprobe finds in $path", async ({ path, soundDelaySeconds }) => {
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
      const { timescale, track } = trackOf(stream_index);
      return Math.abs(ptsTicks / timescale - Number(pts_time) - (track.kind === "audio" ? soundDelaySeconds : 0));
    });
    expect(Math.max(...differences)).toBeLessThanOrEqual(TOLERANCE_SECONDS);
  });
});

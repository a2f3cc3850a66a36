import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { createStreamFactory } from "@riptide/stream";
import { discoverFfmpeg } from "@riptide/transcode";
import { describe, expect, onTestFinished, test } from "vitest";
import { films } from "../../../../test/films/films.ts";
import { demoFilm } from "../../../media/test/support/corpus.ts";
import { realClock } from "../../../transcode/test/support/clocks.ts";
import { serve } from "../support/server.ts";
import { createWorld, FILM, problemCode } from "../support/world.ts";

/** A film behind a real socket. */
async function serveFilm(bytes: Uint8Array, ffmpeg?: Awaited<ReturnType<typeof discoverFfmpeg>>) {
  const streams = createStreamFactory({ ffmpeg, clock: realClock });
  onTestFinished(() => streams[Symbol.asyncDispose]());
  const world = await createWorld({
    streams,
    seeds: [{ infoHash: FILM, name: "Film", files: [{ path: "film", bytes }] }],
  });
  await world.add(FILM);
  const { url } = await serve(world.app);
  return { ...world, hls: new URL(`/stream/${FILM}/0/hls/`, url).href };
}

/** Each stream, and how many frames of it ffprobe decodes. Rejects if it complains of anything. */
async function decodedFrames(hls: string): Promise<string[]> {
  const entries = "-count_frames -show_entries stream=codec_type,nb_read_frames -of csv=print_section=0".split(" ");
  const { stdout, stderr } = await promisify(execFile)("ffprobe", ["-v", "error", ...entries, `${hls}master.m3u8`]);
  if (stderr !== "") throw new Error(stderr);
  // ffprobe lists each stream by itself and in its program; it reads no WebVTT here.
  const streams = new Set(stdout.trim().split(/\n+/));
  return [...streams].filter((line) => !line.startsWith("subtitle")).sort();
}

describe("A presentation in HLS", () => {
  test.each([
    ["MKV", { frames: 1152, sounds: 2250 }],
    ["WebM", { frames: 1152, sounds: 2401 }],
    ["MP4", { frames: 1152, sounds: 2250 }],
  ] as const)(
    "of %s is decoded by ffmpeg without an error, from the first picture to the last",
    async (container, { frames, sounds }) => {
      const { hls } = await serveFilm(demoFilm(container));
      expect(await decodedFrames(hls)).toEqual([`audio,${sounds}`, `video,${frames}`]);
    },
  );

  test("of AC-3 is decoded as AAC, and not without ffmpeg", async () => {
    const bytes = await readFile(await films.ensure("mkv-h264-bframes-ac3-ass"));
    const ffmpeg = await discoverFfmpeg({ signal: new AbortController().signal });
    expect(await decodedFrames((await serveFilm(bytes, ffmpeg)).hls)).toEqual(["audio,938", "video,480"]);
    const { hls } = await serveFilm(bytes);
    expect(await decodedFrames(hls)).toEqual(["video,480"]);
    const response = await fetch(`${hls}audio/0/playlist.m3u8`);
    expect([response.status, await problemCode(response)]).toEqual([503, "ffmpeg_missing"]);
  });

  test("says of each part what it is, and that a page may not run it", async () => {
    const { hls } = await serveFilm(demoFilm("MKV"));
    const response = await fetch(`${hls}audio/0/seg-3.m4s`);
    const { headers } = response;
    expect([response.status, headers.get("content-type"), headers.get("cache-control")]).toEqual([
      200,
      "audio/mp4",
      "private, max-age=86400",
    ]);
    expect(headers.get("content-security-policy")).toMatch(/^sandbox allow-same-origin; script-src 'none'/);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("server-timing")).toMatch(/fragment;dur=/);
    expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(10_000);
  });

  test("has no other streams than its playlists name", async () => {
    const { hls } = await serveFilm(demoFilm("MKV"));
    for (const path of ["video/seg-12.m4s", "audio/1/playlist.m3u8", "subtitles/0/init.mp4"]) {
      const response = await fetch(hls + path);
      expect([response.status, await problemCode(response)]).toEqual([404, "stream_not_found"]);
    }
  });
});

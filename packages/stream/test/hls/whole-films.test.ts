import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { everyNth } from "../../../../test/support/soak.ts";
import { decodingErrors } from "../../../media/test/support/ffmpeg.ts";
import { probePackets } from "../../../media/test/support/ffprobe.ts";
import { get, readAll } from "../support/context.ts";
import { H264, makeFilm, type ProbedStream, probe } from "../support/films.ts";
import { FILMS, filmOf, hlsFilm, readPlaylist, wholeRendition } from "../support/hls.ts";

interface ProbedPacket {
  readonly ptsSeconds: number;
  readonly hash: string;
}

/** The packets of each stream of a film, as ffprobe finds them. */
async function packetsOf(bytes: Uint8Array): Promise<ProbedPacket[][]> {
  const folder = await mkdtemp(join(tmpdir(), "riptide-hls-"));
  try {
    const path = join(folder, "film");
    await writeFile(path, bytes);
    const streams: ProbedPacket[][] = [];
    for (const { stream_index, pts_time, data_hash } of await probePackets(path)) {
      (streams[stream_index] ??= []).push({ ptsSeconds: Number(pts_time), hash: data_hash });
    }
    return streams;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Sound that is discarded at the start lies before 0 in the file, which fragments cannot say. */
function expectSamePackets(found: readonly ProbedPacket[], expected: readonly ProbedPacket[]): void {
  expect(found.map(({ hash }) => hash)).toEqual(expected.map(({ hash }) => hash));
  const differences = found.map(({ ptsSeconds }, place) =>
    Math.abs(ptsSeconds - Math.max(0, expected[place]!.ptsSeconds)),
  );
  expect(Math.max(...differences)).toBeLessThanOrEqual(0.001);
}

describe.each(everyNth(FILMS, 2))("All segments of %s", (kind) => {
  test("have each packet of the film once, at its time, as the progressive stream has them", async () => {
    const bytes = await filmOf(kind);
    const film = hlsFilm(bytes);
    const progressive = await film.factory.remux.produce(get(), film.viewer.context);
    const [source, stream] = await Promise.all([packetsOf(bytes), packetsOf(await readAll(progressive))]);
    for (const [index, folder] of ["video", "audio/0"].entries()) {
      const whole = await wholeRendition(film, folder);
      const [packets] = await packetsOf(whole);
      expectSamePackets(packets!, source[index]!);
      expectSamePackets(packets!, stream[index]!);
      expect(await decodingErrors(whole)).toBe("");
    }
  });
});

test("All segments of a film without Cues have each packet once, at its time", async () => {
  const bytes = await makeFilm("mkv", `${H264} -c:a aac -f matroska -live 1`, LONGER);
  const film = hlsFilm(bytes);
  const source = await packetsOf(bytes);
  const stream = await packetsOf(await readAll(await film.factory.remux.produce(get(), film.viewer.context)));
  for (const [index, folder] of ["video", "audio/0"].entries()) {
    const { segments } = readPlaylist(await film.text(`${folder}/playlist.m3u8`));
    // A keyframe every two seconds, one of them within a Cluster.
    expect(segments).toHaveLength(5);
    const whole = await wholeRendition(film, folder);
    const [packets] = await packetsOf(whole);
    expectSamePackets(packets!, source[index]!);
    expectSamePackets(packets!, stream[index]!);
    expect(await decodingErrors(whole)).toBe("");
    const sumSeconds = segments.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0);
    expect(sumSeconds).toBeCloseTo(12, 1);
  }
});

const LONGER = "-f lavfi -i testsrc2=size=320x180:rate=24 -f lavfi -i sine=440:r=48000 -t 12";

test("A group of pictures that is longer than a segment is played without a seam", async () => {
  const bytes = await makeFilm("mkv", `${H264.replace("-g 48", "-g 9999 -sc_threshold 0")} -c:a aac -live 1`, LONGEST);
  const film = hlsFilm(bytes);
  const { segments } = readPlaylist(await film.text("video/playlist.m3u8"));
  expect(segments.length).toBeGreaterThan(2);
  for (const { durationSeconds } of segments) expect(durationSeconds).toBeLessThanOrEqual(12);
  const [source] = await packetsOf(bytes);
  const whole = await wholeRendition(film, "video");
  const [packets] = await packetsOf(whole);
  expectSamePackets(packets!, source!);
  expect(await decodingErrors(whole)).toBe("");
  const [{ dts }] = (await probe(whole)) as [ProbedStream];
  expect(dts.every((time, place) => place === 0 || time > dts[place - 1]!)).toBe(true);
});

const LONGEST = "-f lavfi -i testsrc2=size=320x180:rate=24 -f lavfi -i sine=440:r=48000 -t 30";

describe("A film", () => {
  test.each([
    ["in a container that only ffmpeg reads", "flv", "-c:v flv1 -c:a mp3 -ar 44100", "not_seekable"],
    ["in AVI, whose picture must be converted", "avi", "-c:v mpeg4 -c:a mp3", "unsupported_media"],
    ["whose picture must be converted", "mkv", "-c:v mpeg4 -c:a aac", "unsupported_media"],
  ])("%s has no playlists", async (_, extension, encoding, code) => {
    const film = hlsFilm(await makeFilm(extension, encoding));
    for (const path of ["master.m3u8", "video/playlist.m3u8", "audio/0/seg-0.m4s"]) {
      await expect(film.ask(path)).rejects.toMatchObject({ code });
    }
  });

  test("whose sound ends early has segments without sound at its end", async () => {
    const source = "-f lavfi -i testsrc2=size=320x180:rate=24 -f lavfi -i sine=440:r=48000:d=3 -t 8";
    const film = hlsFilm(await makeFilm("mkv", `${H264} -g 24 -c:a aac`, source));
    const [packets] = await packetsOf(await wholeRendition(film, "audio/0"));
    expect(packets!.at(-1)!.ptsSeconds).toBeLessThan(3.1);
    expect((await film.bytes("audio/0/seg-2.m4s")).length).toBeGreaterThan(0);
    expect((await film.bytes("audio/0/seg-7.m4s")).length).toBe(0);
  });
});

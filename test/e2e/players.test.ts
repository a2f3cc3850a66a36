import { afterAll, beforeAll, expect, it } from "vitest";
import { prepareFilms } from "../films/prepare-films.ts";
import { recipeOf } from "../films/recipes.ts";
import { type SharedFilm, shareFilm } from "../support/film-torrent.ts";
import { playInMpv } from "../support/players/mpv.ts";
import type { Played } from "../support/players/played.ts";
import { playInVlc } from "../support/players/vlc.ts";
import { filesOf, type RunningRiptide, startQuietRiptide } from "../support/riptide.ts";
import { everyNth } from "../support/soak.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { describeWith } from "../support/tools.ts";

const FILM = "mkv-h264-aac-srt";
const { durationSeconds, framesPerSecond } = recipeOf(FILM);
/** Into the middle of a second, so that the next one begins to sound soon; back, and not to a keyframe. */
const MPV_SEEKS = [12.5, 3.5] as const;
const VLC_SEEKS = [12, 3] as const;

describeWith(
  "ffmpeg",
  "libtorrent",
  "mpv",
  "vlc",
)("players that know nothing of Riptide", () => {
  prepareFilms(FILM);

  let film: SharedFilm;
  let folder: TemporaryFolder;
  let riptide: RunningRiptide;
  beforeAll(async () => {
    film = await shareFilm(FILM, { pieceLengthBytes: 64 * 1024 });
    folder = await temporaryFolder("players");
    riptide = await startQuietRiptide(folder.path);
    await riptide.add(film.magnet);
    await filesOf(riptide, film.infoHash);
  });
  afterAll(async () => {
    await riptide[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
    await film[Symbol.asyncDispose]();
  });
  const addressOf = (surface: string): string => `${riptide.url}/stream/${film.infoHash}/0/${surface}`;

  it.each([
    { surface: "virtual.mp4", isCached: false },
    // The demuxer for HLS in FFmpeg cannot seek in segments of MP4, whoever made them (mpv-player/mpv#15184): mpv seeks in
    // what it has read, and only in that.
    { surface: "hls/master.m3u8", isCached: true },
  ])("mpv plays and seeks $surface", async ({ surface, isCached }) => {
    const { frames, seconds } = await playInMpv(addressOf(surface), { seeks: MPV_SEEKS, isCached });
    const [forwards, back] = MPV_SEEKS;
    const rest = durationSeconds - back;
    expect(frames).toEqual([
      0,
      forwards * framesPerSecond,
      ...Array.from({ length: rest * framesPerSecond }, (_, index) => back * framesPerSecond + index),
    ]);
    expect(seconds.map(({ second }) => second)).toEqual(
      Array.from({ length: Math.ceil(rest) }, (_, index) => Math.floor(back) + index),
    );
    for (const { second, startSeconds } of seconds.slice(1)) expect(startSeconds).toBeCloseTo(second - back, 1);
  });

  it.each(everyNth(["virtual.mp4", "hls/master.m3u8"], 2))("VLC plays and seeks %s", async (surface) => {
    const played = await playInVlc(addressOf(surface), VLC_SEEKS);
    let place = { frame: 0, second: 0 };
    for (const seconds of [0, ...VLC_SEEKS]) place = expectPlays(played, seconds, place);
  });
});

/** From some place in what was played on, the film plays from that time: its pictures one by one, and its sound with them. */
function expectPlays({ frames, seconds }: Played, time: number, after: { frame: number; second: number }) {
  const number = time * framesPerSecond;
  const frame = frames.findIndex((shown, index) => index >= after.frame && shown >= number && shown <= number + 2);
  expect(frame, `frame ${number} in ${frames.join(" ")}`).toBeGreaterThanOrEqual(0);
  const first = frames[frame]!;
  expect(frames.slice(frame, frame + framesPerSecond)).toEqual(
    Array.from({ length: framesPerSecond }, (_, index) => first + index),
  );
  const second = seconds.findIndex((heard, index) => index >= after.second && heard.second === time);
  expect(seconds[second + 1]?.second, `after second ${time} in ${JSON.stringify(seconds)}`).toBe(time + 1);
  const heardSeconds = seconds[second + 1]!.startSeconds - seconds[second]!.startSeconds;
  // A second whose beginning was cut off or repeated is no whole one.
  expect(Math.abs(heardSeconds - 1)).toBeLessThan(0.1);
  return { frame: frame + 1, second: second + 1 };
}

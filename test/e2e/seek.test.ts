import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { firstSoundInPage } from "../films/hear-in-page.ts";
import { prepareFilms } from "../films/prepare-films.ts";
import { recipeOf } from "../films/recipes.ts";
import { launchBrowser, OPENS_NO_MATROSKA, PLAYS_MP4_ONLY, SMALL_WINDOW } from "../support/browser.ts";
import {
  demandsOf,
  elapsed,
  expectTruth,
  hear,
  PATIENCE_MS,
  pressPlay,
  READ_FRAME,
  shownFrom,
} from "../support/film-in-page.ts";
import { type SharedFilm, shareFilm } from "../support/film-torrent.ts";
import { fetchedBytes, filesOf, type RunningRiptide, startQuietRiptide } from "../support/riptide.ts";
import { everyNth } from "../support/soak.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const MB = 1_000_000;
/** A line as people have it, and a seed in another country. */
const LINE = { uploadBytesPerSecond: 4 * MB, roundTripMs: 40, pieceLengthBytes: 1024 * 1024 } as const;
/** 10 minutes of 8 Mb/s, with a keyframe every 4 seconds. */
const { durationSeconds, framesPerSecond } = recipeOf("long");
const GROUP_OF_PICTURES_SECONDS = 4;
/** To the middle of a group of pictures: half of it has to be decoded before the picture that was asked for. */
const PLACES = everyNth([0.9, 0.1, 0.5], 3).map((share) => ({
  share,
  seconds: share * durationSeconds + GROUP_OF_PICTURES_SECONDS / 2 + 0.5 / framesPerSecond,
}));

/** Headers of messages, haves, and what a peer says at the start: a thousandth of what comes, and some. */
const PROTOCOL_BYTES = 32 * 1024;
/**
 * 2 MB beyond the pieces in which the head, the index and the first pictures end; and one that comes twice on a busy machine: the
 * index's is cancelled for what is more urgent, when it is on its way already.
 */
const START_BYTES = 2 * MB + 4 * LINE.pieceLengthBytes + PROTOCOL_BYTES;
/** The picture's group and one piece, in whole pieces: only those are verified. With sound, a group has 4.07 MB. */
const SEEK_BYTES = inPieces(1.02 * GROUP_OF_PICTURES_SECONDS * MB + LINE.pieceLengthBytes) + PROTOCOL_BYTES;
/** The goal is 300 ms; half a group of pictures is decoded before, and where eight times as much runs as there are cores, in seconds. */
const SOUND_LIMIT_MS = 10_000;
/** The requests of half a second and a round trip: what was asked for in front of a seek, less what is cancelled in time. */
const UNDER_WAY_BYTES = (0.5 + LINE.roundTripMs / 1000) * LINE.uploadBytesPerSecond;

const WAYS = [
  {
    title: "segments",
    name: "long",
    script: OPENS_NO_MATROSKA,
    reason: "does not open this kind of file",
    startBytes: START_BYTES,
    seekBytes: SEEK_BYTES,
  },
  {
    title: "segments with converted sound",
    name: "long-ac3",
    script: "",
    reason: "The sound is converted to AAC",
    // The encoder starts in front of the segment, and ends behind it: each may lie in a piece of its own.
    startBytes: START_BYTES + LINE.pieceLengthBytes,
    seekBytes: SEEK_BYTES + 2 * LINE.pieceLengthBytes,
  },
  {
    title: "the file as it is",
    name: "long",
    script: "",
    reason: "plays this file as it is",
    // Chromium goes on reading while it starts to decode, as fast as the line is.
    startBytes: START_BYTES + LINE.pieceLengthBytes,
    seekBytes: SEEK_BYTES + LINE.pieceLengthBytes,
  },
  {
    title: "a file made on the way",
    name: "long",
    script: PLAYS_MP4_ONLY,
    reason: "did not say that it takes HLS",
    // Chromium reads on while it starts and seeks, and what it reads is made of whole groups.
    startBytes: 3 * START_BYTES,
    seekBytes: 3 * SEEK_BYTES,
  },
  {
    title: "an MP4 whose index is moved",
    name: "long-mp4-moov-last",
    script: "",
    reason: "keeps its index at its end",
    startBytes: START_BYTES + LINE.pieceLengthBytes,
    seekBytes: SEEK_BYTES + LINE.pieceLengthBytes,
  },
] as const;

describeWith(
  "ffmpeg",
  "libtorrent",
  "chromium",
)("seeking in a film of which nothing is there", () => {
  prepareFilms("long", "long-mp4-moov-last", "long-ac3");

  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  it.each(everyNth<(typeof WAYS)[number]>(WAYS, 2))(
    "shows and sounds what was asked for ($title)",
    { timeout: 300_000 },
    async (way) => {
      const { name, script, reason, startBytes, seekBytes } = way;
      await using film = await shareFilm(name, LINE);
      await using folder = await temporaryFolder("seek");
      await using riptide = await startQuietRiptide(folder.path);
      const page = await browser.newPage(SMALL_WINDOW);
      await page.addInitScript(script);
      await page.goto(riptide.url);
      await riptide.add(film.magnet);
      await filesOf(riptide, film.infoHash);

      const world = { page, riptide, film };
      const start = await play(world);
      console.log(`start: ${describeReached(start)}`);
      expect(await page.getByTestId("reasons").textContent()).toContain(reason);
      expect(start.bytes).toBeLessThan(startBytes);
      await expectTruth(page, framesPerSecond);

      // The first time while the start is still downloaded, so that the beginning of the film stays missing.
      for (const [index, { share, seconds }] of PLACES.entries()) {
        const reached = await seek(world, seconds);
        console.log(`seek to ${share * 100} %: ${describeReached(reached)}`);
        expect(reached.bytes).toBeLessThan(seekBytes + (index === 0 ? UNDER_WAY_BYTES : 0));
        await expectTruth(page, framesPerSecond);
        await fillBuffer(world);
      }
      await close(world);
      // It would go on where it stopped.
      await fetch(`${riptide.url}/api/torrents/${film.infoHash}/files/0/viewing`, { method: "DELETE" });
      await play(world);
      const again = await seek(world, PLACES[0]!.seconds);
      console.log(`seek to bytes that are there: ${describeReached(again)}`);
      expect(again.soundMs).toBeLessThan(SOUND_LIMIT_MS);
      await expectTruth(page, framesPerSecond);
      await close(world);
      await page.close();
    },
  );
});

describeWith(
  "ffmpeg",
  "libtorrent",
  "chromium",
)("a film that is not played in segments", () => {
  const FILMS = [
    ["flv", "The film is repackaged"],
    ["mkv-hevc", "The picture is converted to H.264"],
    ["avi-mpeg4-mp3", "The picture is converted to H.264"],
  ] as const;
  it.each(everyNth(FILMS, 2))("plays as one stream (%s)", { timeout: 300_000 }, async (name, reason) => {
    await using browser = await launchBrowser();
    await using film = await shareFilm(name);
    await using folder = await temporaryFolder("stream");
    await using riptide = await startQuietRiptide(folder.path);
    const page = await browser.newPage(SMALL_WINDOW);
    await page.goto(riptide.url);
    await riptide.add(film.magnet);
    await filesOf(riptide, film.infoHash);
    await pressPlay(page);
    await page.evaluate(`(${shownFrom})(0)`);
    expect(await page.getByTestId("reasons").textContent()).toContain(reason);
    const { second } = await hear(page);
    expect(second).toBeGreaterThan(0);
    await waitUntil(
      "the pictures go on",
      async () => ((await page.evaluate<number>(READ_FRAME)) ?? 0) > 24,
      PATIENCE_MS,
    );
    await page.getByTestId("close-player").click();
    await waitUntil("nobody wants the film any more", async () => (await demandsOf(riptide, film)) === 0, PATIENCE_MS);
  });
});

interface World {
  readonly page: Page;
  readonly riptide: RunningRiptide;
  readonly film: SharedFilm;
}

interface Reached {
  readonly pictureMs: number;
  readonly soundMs: number;
  /** Downloaded before the picture. */
  readonly bytes: number;
}

async function play(world: World): Promise<Reached> {
  const startedMs = performance.now();
  await pressPlay(world.page);
  return await reach(world, { fromSeconds: 0, startedMs, bytesBefore: 0, action: "" });
}

async function seek(world: World, seconds: number): Promise<Reached> {
  const bytesBefore = await fetchedBytes(world.riptide, world.film);
  const action = `video.currentTime = ${seconds}; void video.play();`;
  const startedMs = performance.now();
  return await reach(world, { fromSeconds: seconds - 1 / framesPerSecond, startedMs, bytesBefore, action });
}

/** Does something in the page; ends when the player shows and sounds a time from `fromSeconds` on. */
async function reach(
  { page, riptide, film }: World,
  place: { fromSeconds: number; startedMs: number; bytesBefore: number; action: string },
): Promise<Reached> {
  const sound = page
    .evaluate(`(() => {
      const video = document.querySelector("video");
      const heard = (${firstSoundInPage})(video);
      ${place.action}
      return heard;
    })()`)
    .then(() => elapsed(place.startedMs));
  await page.evaluate(`(${shownFrom})(${place.fromSeconds})`);
  const pictureMs = elapsed(place.startedMs);
  const bytes = (await fetchedBytes(riptide, film)) - place.bytesBefore;
  return { pictureMs, bytes, soundMs: await sound };
}

function describeReached({ pictureMs, soundMs, bytes }: Reached): string {
  return `picture after ${pictureMs} ms, sound after ${soundMs} ms, ${(bytes / MB).toFixed(2)} MB downloaded before the picture`;
}

async function close({ page, riptide, film }: World): Promise<void> {
  await page.getByTestId("close-player").click();
  const closedMs = performance.now();
  await waitUntil("nobody wants the film any more", async () => (await demandsOf(riptide, film)) === 0, PATIENCE_MS);
  console.log(`no demand ${elapsed(closedMs)} ms after close`);
}

/** What the last place still costs must not count for the next one: lets the player have as much of it as it wants, quickly. */
async function fillBuffer({ riptide, film }: World): Promise<void> {
  film.line?.limit(0);
  let last = -1;
  let sinceMs = 0;
  await waitUntil(
    "the film is buffered as far as the player wants",
    async () => {
      const bytes = await fetchedBytes(riptide, film);
      if ((await demandsOf(riptide, film)) > 0 || bytes !== last) sinceMs = performance.now();
      last = bytes;
      return elapsed(sinceMs) > REST_MS;
    },
    PATIENCE_MS,
  );
  film.line?.limit(LINE.uploadBytesPerSecond);
}

/** No player rests so long between two segments. */
const REST_MS = 500;

/** As many bytes as the pieces have that hold so many. */
function inPieces(bytes: number): number {
  return Math.ceil(bytes / LINE.pieceLengthBytes) * LINE.pieceLengthBytes;
}

import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { prepareFilms } from "../films/prepare-films.ts";
import { decodeFrames } from "../films/read-frames.ts";
import { readFrameInPage, seekInPage } from "../films/read-in-page.ts";
import { type FilmName, recipeOf } from "../films/recipes.ts";
import { launchBrowser, SMALL_WINDOW } from "../support/browser.ts";
import { shareFilm } from "../support/film-torrent.ts";
import { startProcess } from "../support/processes.ts";
import { filesOf, startQuietRiptide } from "../support/riptide.ts";
import { everyNth } from "../support/soak.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

describeWith(
  "ffmpeg",
  "libtorrent",
  "chromium",
)("virtual.mp4 in a bare <video>", () => {
  prepareFilms("mp4-moov-last", "mkv-h264-aac-srt", "demo-mkv", "demo-webm", "long");

  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  it.each(everyNth<FilmName>(["mp4-moov-last", "mkv-h264-aac-srt", "demo-mkv", "demo-webm"], 2))(
    "%s plays, and shows the right picture after each seek",
    async (name) => {
      await using film = await shareFilm(name, { pieceLengthBytes: 64 * 1024 });
      await using folder = await temporaryFolder("virtual");
      await using riptide = await startQuietRiptide(folder.path);
      await riptide.add(film.magnet);
      await filesOf(riptide, film.infoHash);
      const page = await browser.newPage(SMALL_WINDOW);
      try {
        await page.goto(riptide.url);
        const url = `${riptide.url}/stream/${film.infoHash}/0/virtual.mp4`;
        const played = await page.evaluate<Played>(`(${PLAY_SOME})(${JSON.stringify(url)})`);
        const { durationSeconds, framesPerSecond } = recipeOf(name);
        expect(Math.abs(played.durationSeconds - durationSeconds)).toBeLessThan(0.1);
        expect(played.frame).toBeGreaterThan(0);
        expect(played.soundBytes).toBeGreaterThan(0);
        for (const share of [0.8, 0.2, 0.95]) {
          const frame = Math.round(share * durationSeconds * framesPerSecond);
          const seconds = (frame + 0.5) / framesPerSecond;
          await page.evaluate(`(${seekInPage})(document.querySelector("video"), ${seconds})`);
          expect(await page.evaluate(`(${readFrameInPage})(document.querySelector("video"))`)).toBe(frame);
        }
        expect(await page.evaluate(`(${PLAY_TO_END})()`)).toBe(true);
      } finally {
        await page.close();
      }
    },
  );

  it("is asked for one range for each seek", async () => {
    await using film = await shareFilm("long", { pieceLengthBytes: 1024 * 1024 });
    await using folder = await temporaryFolder("ranges");
    await using riptide = await startQuietRiptide(folder.path);
    await riptide.add(film.magnet);
    await filesOf(riptide, film.infoHash);
    const page = await browser.newPage(SMALL_WINDOW);
    const url = `${riptide.url}/stream/${film.infoHash}/0/virtual.mp4`;
    const ranges: (string | undefined)[] = [];
    page.on("request", (request) => {
      if (request.url() === url) ranges.push(request.headers()["range"]);
    });
    await page.goto(riptide.url);
    // A film that stands still is read in bits by Chromium, from any server.
    await page.evaluate(`(${PLAY_ON})(${JSON.stringify(url)})`);
    expect(ranges).toEqual(["bytes=0-"]);
    const { durationSeconds, framesPerSecond } = recipeOf("long");
    let before = 0;
    for (const share of [0.9, 0.1, 0.5]) {
      ranges.length = 0;
      const seconds = share * durationSeconds + 0.5;
      const shownSeconds = await page.evaluate<number>(`(${SEEK_ON})(${seconds})`);
      expect(Math.abs(shownSeconds - seconds) * framesPerSecond).toBeLessThan(3);
      const offsets = ranges.map((range) => Number(/^bytes=([1-9]\d*)-$/.exec(range ?? "")?.[1]));
      // Chromium may break a range off once while it starts to decode, and goes on where it was: the one before, too, until it hears of
      // this seek.
      const [first = Number.NaN, ...others] = offsets.filter((offset) => !goesOnFrom(before, offset));
      expect(first).toBeGreaterThan(0);
      expect(others.length).toBeLessThanOrEqual(1);
      for (const offset of others) expect(goesOnFrom(first, offset)).toBe(true);
      expect(offsets.length).toBeLessThanOrEqual(3);
      before = first;
    }
    await page.close();
  });
});

function goesOnFrom(startBytes: number, offsetBytes: number): boolean {
  return offsetBytes >= startBytes && offsetBytes <= startBytes + MIB;
}

describeWith(
  "ffmpeg",
  "libtorrent",
  "curl",
)("a download of virtual.mp4", () => {
  prepareFilms("mp4-moov-last", "mkv-h264-aac-srt");

  it.each<FilmName>(["mp4-moov-last", "mkv-h264-aac-srt"])(
    "of %s that was broken off goes on where it was, and is whole in the end",
    async (name) => {
      await using film = await shareFilm(name, { pieceLengthBytes: 64 * 1024 });
      await using folder = await temporaryFolder("virtual");
      await using riptide = await startQuietRiptide(folder.path);
      await riptide.add(film.magnet);
      const url = `${riptide.url}/stream/${film.infoHash}/0/virtual.mp4`;
      const chunks: Uint8Array[] = [];
      const receivedBytes = (): number => chunks.reduce((sum, { length }) => sum + length, 0);
      const first = await fetch(url);
      const sizeBytes = Number(first.headers.get("content-length"));
      for await (const chunk of first.body!) {
        chunks.push(chunk);
        if (receivedBytes() > sizeBytes / 3) break;
      }
      const headers = { range: `bytes=${receivedBytes()}-`, "if-range": first.headers.get("etag")! };
      const rest = await fetch(url, { headers });
      expect(rest.status).toBe(206);
      chunks.push(new Uint8Array(await rest.arrayBuffer()));
      const whole = new Uint8Array(await (await fetch(url)).arrayBuffer());
      expect(whole.length).toBe(sizeBytes);
      expect(sha256(Buffer.concat(chunks))).toBe(sha256(whole));
      expect(sha256(await killAndResume(url, join(folder.path, "killed"), sizeBytes))).toBe(sha256(whole));
      expect(sha256(await breakAndRetry(url, join(folder.path, "broken"), sizeBytes))).toBe(sha256(whole));
      expect((await decodeFrames(whole)).map(({ number }) => number)).toEqual([...Array(480).keys()]);
    },
  );
});

/** What curl has of a file that it was killed in the middle of, and told to go on with. */
async function killAndResume(url: string, path: string, sizeBytes: number): Promise<Uint8Array> {
  await using link = await startBadLink(url, 0.4 * sizeBytes, "stalls");
  const download = startProcess("curl", ["--silent", ...link.words, "--output", path, url]);
  await waitUntil("curl has a third of it", async () => (await sizeOf(path)) > sizeBytes / 3);
  await download.stop("SIGKILL");
  expect(await sizeOf(path)).toBeLessThan(sizeBytes / 2);
  await curl("--continue-at", "-", "--output", path, url);
  return await readFile(path);
}

/** What curl has of a file whose connection breaks off in the middle, the first time. */
async function breakAndRetry(url: string, path: string, sizeBytes: number): Promise<Uint8Array> {
  await using link = await startBadLink(url, 0.4 * sizeBytes, "breaks");
  await curl("--retry", "3", "--retry-all-errors", "--retry-delay", "1", ...link.words, "--output", path, url);
  expect(link.connections()).toBe(2);
  return await readFile(path);
}

interface BadLink extends AsyncDisposable {
  /** Lead curl through it. */
  readonly words: readonly string[];
  connections(): number;
}

/** On its first connection, nothing comes any more after so much. */
async function startBadLink(url: string, passedBytes: number, then: "stalls" | "breaks"): Promise<BadLink> {
  let connections = 0;
  const server = createServer((near) => {
    connections += 1;
    let leftBytes = connections === 1 ? passedBytes : Number.POSITIVE_INFINITY;
    const far = connect(Number(new URL(url).port), "127.0.0.1");
    for (const socket of [near, far])
      socket.on("error", () => {}).on("close", () => [near, far].map((end) => end.destroy()));
    near.pipe(far);
    far.on("data", (chunk: Buffer) => {
      leftBytes -= chunk.length;
      if (leftBytes > 0) near.write(chunk);
      else if (then === "breaks") near.destroy();
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    words: ["--connect-to", `::127.0.0.1:${port}`],
    connections: () => connections,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

async function curl(...words: readonly string[]): Promise<void> {
  await using process = startProcess("curl", ["--silent", "--show-error", "--fail", ...words]);
  const [code] = (await once(process.child, "close")) as [number | null];
  if (code !== 0) throw new Error(`curl ended with ${code}: ${process.stderr()}`);
}

function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

interface Played {
  readonly durationSeconds: number;
  readonly frame: number | undefined;
  readonly soundBytes: number;
}

const MIB = 1024 * 1024;

/** More than decoders hold. */
const FILLED_SECONDS = 6;

/** Runs in the page: plays until the picture has moved on. */
const PLAY_ON = `async (url) => {
  const video = Object.assign(document.createElement("video"), { muted: true, src: url });
  document.body.replaceChildren(video);
  const moved = new Promise((resolve) => {
    video.addEventListener("timeupdate", () => video.currentTime > 0.5 && resolve());
  });
  await video.play();
  await moved;
}`;

/**
 * Runs in the page: seeks without a pause, and tells the time of the first picture from there. Chromium that still fills its buffer reads on
 * for a moment where it was, from any server.
 */
const SEEK_ON = `async (seconds) => {
  const video = document.querySelector("video");
  const aheadSeconds = () => {
    const { buffered, currentTime } = video;
    const ends = Array.from({ length: buffered.length }, (_, index) => [buffered.start(index), buffered.end(index)]);
    return (ends.find(([start, end]) => start <= currentTime && currentTime < end)?.[1] ?? 0) - currentTime;
  };
  while (aheadSeconds() < ${FILLED_SECONDS}) await new Promise((resolve) => setTimeout(resolve, 50));
  return await new Promise((resolve) => {
    const look = (_now, { mediaTime }) => {
      if (Math.abs(mediaTime - seconds) < 2) resolve(mediaTime);
      else video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
    video.currentTime = seconds;
  });
}`;

/** Runs in the page: plays until the picture has moved on, and stops there. */
const PLAY_SOME = `async (url) => {
  const video = Object.assign(document.createElement("video"), { muted: true, src: url });
  document.body.replaceChildren(video);
  const failed = new Promise((_, reject) => {
    video.addEventListener("error", () => reject(new Error(video.error.message)));
  });
  const moved = new Promise((resolve) => {
    video.addEventListener("timeupdate", () => video.currentTime > 1 && resolve());
  });
  await Promise.race([video.play().then(() => moved), failed]);
  video.pause();
  return {
    durationSeconds: video.duration,
    frame: (${readFrameInPage})(video),
    soundBytes: video.webkitAudioDecodedByteCount,
  };
}`;

/** Runs in the page. */
const PLAY_TO_END = `async () => {
  const video = document.querySelector("video");
  const ended = new Promise((resolve, reject) => {
    video.addEventListener("ended", resolve);
    video.addEventListener("error", () => reject(new Error(video.error.message)));
  });
  await video.play();
  await ended;
  return video.ended;
}`;

import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ffmpegsOf } from "../support/command-line.ts";
import { type SharedFilm, shareFilm } from "../support/film-torrent.ts";
import { fetchedBytes, type RunningRiptide, startQuietRiptide } from "../support/riptide.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const READERS = 50;
const DISCONNECTS = 100;

describeWith("ffmpeg", "libtorrent")("many clients of one film", () => {
  let folder: TemporaryFolder;
  let riptide: RunningRiptide;
  beforeAll(async () => {
    folder = await temporaryFolder("many");
    riptide = await startQuietRiptide(folder.path);
  });
  afterAll(async () => {
    await riptide[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  it("shares one download among 50 readers", async () => {
    await using film = await shareFilm("demo-mp4", { uploadBytesPerSecond: 4_000_000 });
    await riptide.add(film.magnet);
    const source = await readFile(film.path);
    const wanted = createHash("sha256").update(source).digest("hex");
    const hashes = await Promise.all(
      Array.from({ length: READERS }, async (_, reader) => {
        const response = await fetch(`${riptide.url}/stream/${film.infoHash}/0?reader=${reader}`);
        return createHash("sha256")
          .update(new Uint8Array(await response.arrayBuffer()))
          .digest("hex");
      }),
    );
    expect(new Set(hashes)).toEqual(new Set([wanted]));
    const downloadedBytes = await fetchedBytes(riptide, film);
    expect(downloadedBytes).toBeGreaterThanOrEqual(source.length);
    expect(downloadedBytes).toBeLessThan(source.length * 1.05);
  });

  it("leaves nothing behind after 100 clients that disconnect in the middle of a body", async () => {
    // 100 KB/s: every one of them is cut off while it waits for pieces.
    await using direct = await shareFilm("mp4-moov-first", {
      uploadBytesPerSecond: 100_000,
      pieceLengthBytes: 16 * 1024,
    });
    await using remuxed = await shareFilm("mkv-h264-bframes-ac3-ass", {
      uploadBytesPerSecond: 200_000,
      pieceLengthBytes: 16 * 1024,
    });
    for (const film of [direct, remuxed]) await riptide.add(film.magnet);
    await cutOff(riptide, direct, 64);
    await cutOff(riptide, remuxed, 64);
    await nothingLeft(riptide, [direct, remuxed]);
    const before = await openDescriptors(riptide);
    for (let client = 0; client < DISCONNECTS; client += 4) {
      await Promise.all(
        [0, 1, 2, 3].map((lane) =>
          cutOff(riptide, lane % 2 === 0 ? direct : remuxed, 1 + (((client + lane) * 997) % 60_000)),
        ),
      );
    }
    const startedMs = performance.now();
    await nothingLeft(riptide, [direct, remuxed]);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    await waitUntil(
      "the file descriptors are back",
      async () => (await openDescriptors(riptide)) <= before + 2,
      10_000,
    );
  });
});

/** Asks for a film over a bare socket and destroys it once that many bytes of the response are there. */
function cutOff(riptide: RunningRiptide, film: SharedFilm, afterBytes: number): Promise<void> {
  const { hostname, port, host } = new URL(riptide.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let received = 0;
    const giveUp = setTimeout(() => socket.destroy(), 5_000);
    socket.write(`GET /stream/${film.infoHash}/0 HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    socket.on("data", (chunk) => {
      received += chunk.length;
      if (received >= afterBytes) socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => {
      clearTimeout(giveUp);
      resolve();
    });
  });
}

/** No ffmpeg, and no demand. */
async function nothingLeft(riptide: RunningRiptide, shared: readonly SharedFilm[]): Promise<void> {
  await waitUntil("no ffmpeg is left", async () => (await ffmpegsOf(riptide.process.child.pid!)).length === 0, 5_000);
  for (const film of shared) {
    await waitUntil("no demand is left", async () => (await riptide.torrent(film.infoHash)).activeDemands === 0, 5_000);
  }
}

async function openDescriptors(riptide: RunningRiptide): Promise<number> {
  return (await readdir(`/proc/${riptide.process.child.pid!}/fd`)).length;
}

import { readdir } from "node:fs/promises";
import { connect } from "node:net";
import { type ByteRange, intersectRanges } from "@riptide/core";
import type { FileMap } from "@riptide/http";
import { afterAll, beforeAll, expect, it } from "vitest";
import { prepareFilms } from "../films/prepare-films.ts";
import { ffmpegsOf } from "../support/command-line.ts";
import { type SharedFilm, shareFilm } from "../support/film-torrent.ts";
import { type RunningRiptide, startQuietRiptide } from "../support/riptide.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { describeWith } from "../support/tools.ts";
import { waitUntil } from "../support/wait.ts";

const DISCONNECTS = 100;
const MB = 1_000_000;
/** The long film is never there but for a few pieces: the parts that are waited for begin here, one behind the other. */
const FIRST_ABSENT_BYTES = 50 * MB;
const BETWEEN_ABSENT_BYTES = 5 * MB;
/** Who waits for a part waits somewhere in its first bytes. */
const WAITING_BYTES = 4 * MB;
/** Of the eight for which two cores have room: a new round must not be refused for those that are just ending. */
const BUSY_FFMPEGS = 4;
/** A body that says nothing for this long is not cut off by its client: it has failed. */
const GIVE_UP_MS = 30_000;

describeWith("ffmpeg", "libtorrent")("F15 a server", () => {
  prepareFilms("long");

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

  it("leaves nothing behind after 100 clients that disconnect in the middle of a body", async () => {
    await using direct = await shareFilm("mp4-moov-first");
    await using remuxed = await shareFilm("mkv-h264-bframes-ac3-ass");
    // As fast as it plays: who takes what comes as fast as it can waits for pieces most of the time.
    await using long = await shareFilm("long", { uploadBytesPerSecond: MB });
    const shared = [direct, remuxed, long];
    for (const film of shared) await riptide.add(film.magnet);
    /** Four clients: two that are cut off after so many bytes, and two that are cut off while they wait for pieces. */
    const cutOffFour = async (round: number, afterBytes: number): Promise<void> => {
      const absent = FIRST_ABSENT_BYTES + round * BETWEEN_ABSENT_BYTES;
      await Promise.all([
        cutOff(riptide, `/stream/${direct.infoHash}/0`, { afterBytes }),
        cutOff(riptide, `/stream/${remuxed.infoHash}/0`, { afterBytes }),
        cutOff(riptide, `/stream/${long.infoHash}/0/direct`, {
          range: `bytes=${absent}-`,
          beforeTheCut: () => waitsIn(riptide, long, { start: absent, end: absent + WAITING_BYTES }),
        }),
        // One that converts takes a second until it waits, and one in five shows the same.
        cutOff(riptide, `/stream/${long.infoHash}/0/${round % 5 === 0 ? "remux.mp4?sound=aac" : "remux.mp4"}`, {
          beforeTheCut: async () => {
            if (round % 5 > 0) return;
            await waitsIn(riptide, long, { start: 0, end: FIRST_ABSENT_BYTES });
            expect((await ffmpegs(riptide)).length).toBeGreaterThanOrEqual(1);
          },
        }),
      ]);
    };
    await cutOffFour(0, 64);
    await nothingLeft(riptide, shared);
    const before = await openDescriptors(riptide);
    for (let client = 0; client < DISCONNECTS; client += 4) {
      await cutOffFour(1 + client / 4, 1 + ((client * 997) % 60_000));
      await waitUntil("there is room", async () => (await ffmpegs(riptide)).length <= BUSY_FFMPEGS, 5_000);
    }
    const startedMs = performance.now();
    await nothingLeft(riptide, shared);
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    await waitUntil(
      "the file descriptors are back",
      async () => (await openDescriptors(riptide)) <= before + 2,
      10_000,
    );
  });
});

interface CutOff {
  /** Bytes of the response after which the client leaves; by default the first that come. */
  readonly afterBytes?: number;
  readonly range?: string;
  /** What must have happened before the client leaves. It takes all that comes meanwhile. */
  readonly beforeTheCut?: () => Promise<void>;
}

/** Asks over a bare socket, and destroys it in the middle of the body. Rejects if there is no such middle. */
async function cutOff(riptide: RunningRiptide, path: string, options: CutOff): Promise<void> {
  const { afterBytes = 1, range, beforeTheCut } = options;
  const { hostname, port, host } = new URL(riptide.url);
  const lines = [`GET ${path} HTTP/1.1`, `Host: ${host}`, ...(range === undefined ? [] : [`Range: ${range}`])];
  const socket = connect(Number(port), hostname);
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  let statusLine = "";
  await new Promise<void>((resolve, reject) => {
    let received = 0;
    const giveUp = setTimeout(() => socket.destroy(), GIVE_UP_MS);
    socket.on("data", (chunk) => {
      statusLine ||= chunk.toString("latin1", 0, chunk.indexOf("\r\n"));
      received += chunk.length;
      if (received < afterBytes) return;
      clearTimeout(giveUp);
      resolve();
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`${path}: ${statusLine}, and ${received} of ${afterBytes} bytes`)));
  });
  expect(statusLine).toBe(range === undefined ? "HTTP/1.1 200 OK" : "HTTP/1.1 206 Partial Content");
  await beforeTheCut?.();
  expect(socket.readyState).toBe("open");
  socket.destroy();
}

/** Waits until somebody reads there what is not there yet. */
async function waitsIn(riptide: RunningRiptide, film: SharedFilm, part: ByteRange): Promise<void> {
  await waitUntil(
    `somebody waits for pieces from ${part.start} on`,
    async () => {
      const { reading } = await riptide.api<FileMap>(`/api/torrents/${film.infoHash}/files/0/map`);
      return reading.some((range) => intersectRanges(range, part) !== undefined);
    },
    60_000,
  );
}

/** No ffmpeg, and no demand. */
async function nothingLeft(riptide: RunningRiptide, shared: readonly SharedFilm[]): Promise<void> {
  await waitUntil("no ffmpeg is left", async () => (await ffmpegs(riptide)).length === 0, 5_000);
  for (const film of shared) {
    await waitUntil("no demand is left", async () => (await riptide.torrent(film.infoHash)).activeDemands === 0, 5_000);
  }
}

function ffmpegs(riptide: RunningRiptide): Promise<number[]> {
  return ffmpegsOf(riptide.process.child.pid!);
}

async function openDescriptors(riptide: RunningRiptide): Promise<number> {
  return (await readdir(`/proc/${riptide.process.child.pid!}/fd`)).length;
}

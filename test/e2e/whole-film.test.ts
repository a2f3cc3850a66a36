import { createHash } from "node:crypto";
import { open, stat } from "node:fs/promises";
import { createRandom } from "@riptide/sim";
import { expect, it } from "vitest";
import { prepareFilms } from "../films/prepare-films.ts";
import { type SharedFilm, shareFilm } from "../support/film-torrent.ts";
import { type RunningRiptide, startQuietRiptide } from "../support/riptide.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { describeWith } from "../support/tools.ts";

const RANGES = 200;
const READERS = 8;

describeWith("ffmpeg", "libtorrent")("the original bytes of a 600 MB film, downloaded out of order", () => {
  prepareFilms("long");

  it("are right over the whole film and over 200 random ranges", async () => {
    await using film = await shareFilm("long");
    await using folder = await temporaryFolder("whole");
    await using riptide = await startQuietRiptide(folder.path);
    await riptide.add(film.magnet);
    const { size } = await stat(film.path);
    const random = createRandom(20_261_123);
    const ranges = Array.from({ length: RANGES }, () => {
      const start = random.int(0, size);
      return { start, end: Math.min(size, start + random.int(1, 256 * 1024)) };
    });
    // First the ranges, all over the film and several at a time, then the whole: most pieces come out of order.
    const pending = [...ranges];
    const checkSome = async (): Promise<void> => {
      for (let range = pending.pop(); range !== undefined; range = pending.pop()) {
        expect(await rangeHash(riptide, film, range)).toBe(await sourceHash(film.path, range));
      }
    };
    await Promise.all(Array.from({ length: READERS }, checkSome));
    const whole = await fetch(`${riptide.url}/stream/${film.infoHash}/0/direct`);
    expect(whole.headers.get("content-length")).toBe(String(size));
    const hash = createHash("sha256");
    for await (const chunk of whole.body!) hash.update(chunk);
    expect(hash.digest("hex")).toBe(await sourceHash(film.path, { start: 0, end: size }));
    const torrent = await riptide.torrent(film.infoHash);
    expect(torrent.verifiedBytes).toBe(size);
    // 200 readers that come and go, and not a tenth of the film was fetched in vain.
    expect(torrent.downloadedBytes).toBeLessThan(size * 1.1);
  });
});

async function rangeHash(
  riptide: RunningRiptide,
  film: SharedFilm,
  range: { start: number; end: number },
): Promise<string> {
  const response = await fetch(`${riptide.url}/stream/${film.infoHash}/0/direct`, {
    headers: { range: `bytes=${range.start}-${range.end - 1}` },
  });
  expect(response.status).toBe(206);
  return createHash("sha256")
    .update(new Uint8Array(await response.arrayBuffer()))
    .digest("hex");
}

async function sourceHash(path: string, range: { start: number; end: number }): Promise<string> {
  const hash = createHash("sha256");
  await using file = await open(path);
  for await (const chunk of file.createReadStream({ start: range.start, end: range.end - 1, autoClose: false }))
    hash.update(chunk);
  return hash.digest("hex");
}

import { createRandom } from "@riptide/sim";
import { expect, it } from "vitest";
import { readBody } from "../support/bundled-riptide.ts";
import { sha256 } from "../support/sha256.ts";
import { createFilm, type Stage, setStage } from "./play.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const PIECE_BYTES = 256 * KIB;
/** A piece takes a quarter of a second: far more than what a busy machine adds to it. */
const LINE_BYTES_PER_SECOND = MIB;
const SEEKS = 100;
const BETWEEN_SEEKS_MS = 10;

/** In the simulator: `npm run simulate -- --story "seek storm"`. Over every surface of the server: test/e2e/many-seeks.test.ts. */
it("F17 a hundred seeks a second do not keep the last one waiting", async () => {
  const film = await createFilm({ lengthBytes: 48 * MIB, pieceLengthBytes: PIECE_BYTES });
  await using stage = await setStage(film, [{ bytesPerSecond: LINE_BYTES_PER_SECOND }]);
  const places = [41, 43, 45];
  const singles: number[] = [];
  for (const place of places) {
    singles.push(await seekTo(stage, place * MIB));
    await stage.nothingLeft();
  }
  const singleMs = singles.sort((left, right) => left - right)[1]!;

  const random = createRandom(17);
  for (let seek = 0; seek < SEEKS; seek += 1) {
    const client = new AbortController();
    const start = random.int(0, 38) * MIB;
    const gone = fetch(stage.url, { headers: { range: `bytes=${start}-` }, signal: client.signal }).catch(
      () => undefined,
    );
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_SEEKS_MS));
    client.abort();
    await gone;
  }
  const sentBefore = stage.seeds[0]!.counters.bytesSent;
  const lastMs = await seekTo(stage, 47 * MIB);
  expect(lastMs).toBeLessThan(2 * singleMs);
  // Its own piece, and what was on its way when the one before was given up.
  expect(stage.seeds[0]!.counters.bytesSent - sentBefore).toBeLessThan(4 * PIECE_BYTES);
  await stage.nothingLeft();
});

/** Reads some bytes there; resolves with how long that took. */
async function seekTo({ url, film }: Stage, start: number): Promise<number> {
  const end = start + 64 * KIB;
  const read = await readBody(url, { range: `bytes=${start}-${end - 1}` });
  expect(read.sha256).toBe(sha256(film.bytes.subarray(start, end)));
  return read.tookMs;
}

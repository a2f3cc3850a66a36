import { expect, it } from "vitest";
import { playFrom } from "./play.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const slow = { bytesPerSecond: 20 * KIB };

/** In the simulator: the rows "1 MB/s + 60 KB/s" and "800 KB/s + 4 × 60 KB/s" of docs/SWARM.md. */
it("F4 four slow peers hold up nobody who has a fast one", async () => {
  await using played = await playFrom(slow, slow, slow, slow, { bytesPerSecond: MIB });
  const { film, read, seeds } = played;
  expect([read.isWhole, read.sha256]).toEqual([true, film.sha256]);
  // A slow one alone needs six seconds for a piece, and 0.8 s for a block; the fast one needs 0.13 s for a piece.
  expect(read.longestGapMs).toBeLessThan(2_000);
  expect(read.tookMs).toBeLessThan(10_000);
  expect(seeds.at(-1)!.counters.bytesSent).toBeGreaterThan(0.8 * film.bytes.length);
  await played.nothingLeft();
});

import { expect, it } from "vitest";
import { playFrom } from "./play.ts";

const MIB = 1024 * 1024;

it("F6 peers that claim pieces which they do not send are gone around", async () => {
  await using played = await playFrom(
    { misdeed: "lies about its pieces" },
    { misdeed: "blackhole" },
    { bytesPerSecond: 4 * MIB },
  );
  const { film, read, seeds } = played;
  expect([read.isWhole, read.sha256]).toEqual([true, film.sha256]);
  expect(read.longestGapMs).toBeLessThan(3_000);
  // It has the even ones, and what it sends of them is used.
  expect(seeds[0]!.piecesSent.length).toBeGreaterThan(0);
  expect(seeds[0]!.piecesSent.every((piece) => piece % 2 === 0)).toBe(true);
  expect(seeds[1]!.counters.requests).toBeLessThan(200);
});

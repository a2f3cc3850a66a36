import { expect, it } from "vitest";
import { playFrom } from "./play.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** In the simulator: `npm run simulate -- --story "dying seed"`. */
it("F1 a peer that closes the connection in the middle of a block stops nothing: others send what it began", async () => {
  // A third of each piece, and then again.
  await using played = await playFrom({ disconnectAfterBytes: 300 * KIB }, { bytesPerSecond: 4 * MIB });
  const { film, read, seeds } = played;
  expect([read.isWhole, read.sha256]).toEqual([true, film.sha256]);
  expect(read.longestGapMs).toBeLessThan(2_000);
  expect(seeds[0]!.counters.bytesSent).toBeGreaterThan(0);
  // What it had sent of a piece is not sent again, but for a few blocks.
  expect(seeds[0]!.counters.bytesSent + seeds[1]!.counters.bytesSent).toBeLessThan(1.3 * film.bytes.length);
  await played.nothingLeft();
});

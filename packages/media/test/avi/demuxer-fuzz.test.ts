import { MediaError } from "@riptide/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSoak } from "../../../../test/support/soak.ts";
import { openAvi } from "../../src/index.ts";
import { corpusFile } from "../support/corpus.ts";
import { demux, stretchesOf } from "../support/demux.ts";
import { MemorySource, never } from "../support/memory-source.ts";
import { aviFilm, BYTES_OF_MP3, PCM, PICTURES } from "./film.ts";
import { filmOfBytes, interleaved, pcmData } from "./four-seconds.ts";

const FILES: [string, Uint8Array][] = [
  ["the corpus' sample", corpusFile("avi/sample.avi")],
  ["a stream of bytes", filmOfBytes()],
  ["OpenDML", filmOfBytes({ index: "open", chunksPerPart: 50 })],
  ["OpenDML without an index of indexes", filmOfBytes({ index: "direct" })],
  ["PCM", aviFilm([PICTURES, PCM], interleaved(pcmData.subarray(0, 100_000), 9000, 1000))],
  [
    "lists, and no index",
    aviFilm([PICTURES, BYTES_OF_MP3], interleaved(pcmData.subarray(0, 9000), 640, 640), {
      chunksPerList: 4,
      index: "none",
    }),
  ],
];

/** Whatever can be done with a film ends, with no error but a `MediaError`, and gives no more bytes than were read. */
async function exercise(file: Uint8Array): Promise<void> {
  const demuxer = await openAvi(new MemorySource(file), never);
  const entries = (await demuxer.keyIndex(never)) ?? [];
  const whole = { from: undefined, to: undefined };
  for (const stretch of [whole, ...stretchesOf(entries.slice(0, 5))]) {
    const { packets, readBytes } = await demux(demuxer, file, { stretch, readLimitBytes: 20_000 });
    expect(packets.reduce((sum, { data }) => sum + data.length, 0)).toBeLessThanOrEqual(readBytes);
    expect(packets.every(({ ptsTicks, data }) => Number.isSafeInteger(ptsTicks) && data.length > 0)).toBe(true);
  }
}

async function expectToCope(file: Uint8Array): Promise<void> {
  const failure = await exercise(file).catch((error: unknown) => error);
  if (failure !== undefined && !(failure instanceof MediaError)) throw failure;
}

describe.each(FILES)("a damaged film, %s,", (_title, file) => {
  it("may end anywhere", async () => {
    const lengths = fc.oneof(fc.nat({ max: 600 }), fc.nat({ max: file.length }));
    await fc.assert(
      fc.asyncProperty(lengths, async (length) => expectToCope(file.subarray(0, length))),
      { numRuns: isSoak ? 60 : 20 },
    );
  });

  it("may have any bytes changed", async () => {
    const places = fc.oneof(
      fc.nat({ max: 600 }),
      fc.nat({ max: file.length - 1 }),
      fc.nat({ max: 4000 }).map((fromEnd) => Math.max(0, file.length - 1 - fromEnd)),
    );
    const changes = fc.array(fc.tuple(places, fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(changes, async (flips) => {
        const damaged = file.slice();
        for (const [place, change] of flips) damaged[place]! ^= change;
        await expectToCope(damaged);
      }),
      { numRuns: isSoak ? 80 : 30 },
    );
  });
});

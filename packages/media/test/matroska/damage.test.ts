import { MediaError } from "@riptide/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openMatroska, type Packet } from "../../src/index.ts";
import { corpusFile, demoFilm } from "../support/corpus.ts";
import { MemorySource, never } from "../support/memory-source.ts";
import { MemoryStream } from "../support/memory-stream.ts";
import { batchesOf, packetsOf } from "../support/packets.ts";

const FILES = [
  "mkv/bbb_642x642_768kbps_30fps_vp9.webm",
  "mkv/sample.mkv",
  "mkv/sample_av1.mkv",
  "mkv/sample_with_chapters.mkv",
  "mkv/sample_with_dts.mkv",
  "mkv/sample_with_pgs_subtitles.mkv",
  "mkv/sample_with_srt.mkv",
  "mkv/sample_with_ssa_subtitles.mkv",
  "mka/bear-flac-16bit.mka",
].map((path) => ({ path, file: corpusFile(path) }));

/**
 * Whatever can be done with a file ends, with no error but a `MediaError`, and gives not much more bytes than the file has:
 * the subtitles of one are packed.
 */
async function expectToCope(file: Uint8Array): Promise<void> {
  const failure = await exercise(file).catch((error: unknown) => error);
  if (failure !== undefined && !(failure instanceof MediaError)) throw failure;
}

async function exercise(file: Uint8Array): Promise<void> {
  const source = new MemorySource(file);
  const demuxer = await openMatroska(source, never);
  const index = await demuxer.keyIndex(never);
  const found = await demuxer.findEntry(1, undefined, never);
  const places = demuxer.walkPlaces(undefined, ([range]) => new MemoryStream(file, range!));
  for await (const { timeSeconds } of places) expect(timeSeconds).not.toBeNaN();
  const packets = (await batchesOf(file, demuxer, { pieceBytes: () => 10_000 })).flat();
  expect(packets.reduce((sum, { data }) => sum + data.length, 0)).toBeLessThanOrEqual(2 * file.length);
  expect(packets.every(({ ptsTicks }) => Number.isSafeInteger(ptsTicks))).toBe(true);
  for (const entry of [...(index ?? []), found ?? { timeSeconds: 0, offsetBytes: 0 }]) {
    await batchesOf(file, demuxer, { stretch: { from: entry, to: undefined } });
    await demuxer.framesBefore(entry, {
      lengthBytes: 100_000,
      track: 2,
      open: ([range]) => new MemoryStream(file, range!),
    });
  }
}

const timeOf = ({ trackNumber, ptsTicks }: Packet) => `${trackNumber}@${ptsTicks}`;

describe("a damaged file", () => {
  it.each(FILES)("may end anywhere: $path", async ({ file }) => {
    const lengths = fc.oneof(fc.nat({ max: 6000 }), fc.nat({ max: file.length }));
    await fc.assert(
      fc.asyncProperty(lengths, async (length) => expectToCope(file.subarray(0, length))),
      { numRuns: 40 },
    );
  });

  it.each(FILES)("may have any bits changed: $path", async ({ file }) => {
    const places = fc.oneof(fc.nat({ max: Math.min(6000, file.length - 1) }), fc.nat({ max: file.length - 1 }));
    const changes = fc.array(fc.tuple(places, fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(changes, async (flips) => {
        const damaged = file.slice();
        for (const [place, change] of flips) damaged[place]! ^= change;
        await expectToCope(damaged);
      }),
      { numRuns: 40 },
    );
  });

  it.each(["MKV", "WebM"] as const)("loses little to a hole in its middle: the demo as %s", async (container) => {
    const file = demoFilm(container);
    const damaged = file.slice().fill(0, file.length / 2, file.length / 2 + 5000);
    const [whole, rest] = [await packetsOf(file), await packetsOf(damaged)];
    expect(rest.length).toBeGreaterThan(0.8 * whole.length);
    const times = new Set(whole.map(timeOf));
    expect(rest.every((packet) => times.has(timeOf(packet)))).toBe(true);
  });
});

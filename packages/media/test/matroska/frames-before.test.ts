import { deflateSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KeyIndexEntry, MatroskaDemuxer } from "../../src/index.ts";
import { ElementId } from "../../src/matroska/element-ids.ts";
import { blocksBefore } from "../../src/matroska/tail-frames.ts";
import { bytes, element, unknownSizeElement, zeros } from "../support/build.ts";
import { corpusFile, demoFilm } from "../support/corpus.ts";
import { never } from "../support/memory-source.ts";
import { MemoryStream } from "../support/memory-stream.ts";
import { batchesOf, open } from "../support/packets.ts";
import {
  AUDIO_TRACK,
  blockContent,
  blockGroup,
  compression,
  EBML,
  ebmlLace,
  FIXED,
  fixedLace,
  info,
  KEYFRAME,
  matroska,
  simpleBlock,
  strippedOf,
  timedCluster,
  track,
  tracks,
  VIDEO_TRACK,
  XIPH,
  xiphLace,
} from "./film.ts";

async function framesBefore(
  file: Uint8Array,
  demuxer: MatroskaDemuxer,
  entry: KeyIndexEntry,
  lengthBytes: number,
  number = 2,
) {
  return demuxer.framesBefore(entry, {
    lengthBytes,
    track: number,
    open: ([range]) => new MemoryStream(file, range!, () => 5000),
  });
}

const entryAt = (offsetBytes: number): KeyIndexEntry => ({ timeSeconds: 0, offsetBytes });

/** A film of two Clusters, and where the second one starts. */
function film(content: readonly Uint8Array[], trackList = tracks(VIDEO_TRACK, AUDIO_TRACK)) {
  const last = timedCluster(1000, simpleBlock(1, 0, KEYFRAME, 1));
  const file = matroska(info(0), trackList, timedCluster(0, ...content), last);
  return { file, entry: entryAt(file.length - last.length) };
}

const picture = (lengthBytes: number) =>
  simpleBlock(
    1,
    0,
    0,
    Uint8Array.from({ length: lengthBytes }, (_, index) => (index * 77 + (index >> 8)) & 0xff),
  );

describe("framesBefore", () => {
  it("gives the frames that lie whole in the bytes before the entry", async () => {
    const blocks = Array.from({ length: 10 }, (_, index) => simpleBlock(2, index, 0, index, index));
    const content = blocks.flatMap((block) => [picture(3000), block]);
    const { file, entry } = film(content);
    const demuxer = await open(file);
    // From the end: a block of 15 bytes, a picture of 3013.
    for (const [lengthBytes, count] of [
      [15, 0],
      [3027, 0],
      [3028, 1],
      [3042, 1],
      [3043, 2],
      [15_140, 5],
      [1e6, 10],
    ] as const) {
      const expected = Array.from({ length: count }, (_, index) => bytes(10 - count + index, 10 - count + index));
      expect(await framesBefore(file, demuxer, entry, lengthBytes)).toEqual(expected);
    }
  });

  it("takes laces apart, steps over what is no block, and enters clusters", async () => {
    const frames = [bytes(1), bytes(2, 2), bytes(3, 3, 3)];
    const content = [
      simpleBlock(2, 0, XIPH, xiphLace(...frames)),
      element(ElementId.void, zeros(3)),
      unknownSizeElement(ElementId.cluster),
      element(ElementId.timestamp, 5),
      simpleBlock(2, 0, EBML, ebmlLace(...frames)),
      blockGroup(blockContent(2, 0, FIXED, fixedLace(bytes(4), bytes(5))), element(ElementId.blockDuration, 40)),
    ];
    const { file, entry } = film(content);
    const found = await framesBefore(file, await open(file), entry, 1e6);
    expect(found).toEqual([...frames, ...frames, bytes(4), bytes(5)]);
  });

  it("gives frames as their codec wants them", async () => {
    const trackList = tracks(track(1, 17, "S_VOBSUB", compression()), track(2, 2, "A_AC3", strippedOf(bytes(9))));
    const { file, entry } = film(
      [simpleBlock(1, 0, 0, deflateSync(bytes("text"))), simpleBlock(2, 0, 0, 7), simpleBlock(1, 0, 0, 0)],
      trackList,
    );
    const demuxer = await open(file);
    expect(await framesBefore(file, demuxer, entry, 1e6, 2)).toEqual([bytes(9, 7)]);
    expect((await framesBefore(file, demuxer, entry, 1e6, 1)).map((frame) => Buffer.from(frame).toString())).toEqual([
      "text",
    ]);
  });

  it.each([
    { title: "the entry is no end of an element", shiftBytes: -1, number: 2, lengthBytes: 1e6 },
    { title: "there is no such track", shiftBytes: 0, number: 5, lengthBytes: 1e6 },
    { title: "no byte is asked for", shiftBytes: 0, number: 2, lengthBytes: 0 },
    { title: "the entry is before all clusters", shiftBytes: -1e6, number: 2, lengthBytes: 1e6 },
    { title: "only one block can be seen", shiftBytes: 0, number: 2, lengthBytes: 20 },
  ])("gives none if $title", async ({ shiftBytes, number, lengthBytes }) => {
    const { file, entry } = film([picture(100), simpleBlock(2, 0, 0, 1), simpleBlock(2, 0, 0, 2)]);
    const shifted = entryAt(entry.offsetBytes + shiftBytes);
    expect(await framesBefore(file, await open(file), shifted, lengthBytes, number)).toEqual([]);
  });

  it("gives none if the stream ends early", async () => {
    const { file, entry } = film([simpleBlock(2, 0, 0, 1), simpleBlock(2, 0, 0, 2)]);
    const demuxer = await open(file);
    const short = file.subarray(0, entry.offsetBytes - 1);
    expect(await framesBefore(short, demuxer, entry, 1000)).toEqual([]);
  });

  it("agrees with the packets of the demo film, at each of its entries", async () => {
    const file = demoFilm("MKV");
    const demuxer = await open(file);
    for (const entry of (await demuxer.keyIndex(never))!.slice(1)) await expectSameFrames(file, demuxer, entry);
  });

  it("agrees with the packets of films with laced sound, at the Cues behind their only cluster", async () => {
    for (const path of ["mkv/sample_with_pgs_subtitles.mkv", "mkv/sample.mkv"]) {
      const file = corpusFile(path);
      await expectSameFrames(
        file,
        await open(file),
        entryAt(Buffer.from(file).lastIndexOf("1c53bb6b", undefined, "hex")),
      );
    }
  });
});

async function expectSameFrames(file: Uint8Array, demuxer: MatroskaDemuxer, entry: KeyIndexEntry): Promise<void> {
  const packets = (await batchesOf(file, demuxer, { stretch: { from: undefined, to: entry }, tracks: [2] })).flat();
  const all = await framesBefore(file, demuxer, entry, entry.offsetBytes);
  expect(all.map(({ length }) => length)).toEqual(packets.map(({ data }) => data.length));
  const some = await framesBefore(file, demuxer, entry, Math.floor(entry.offsetBytes / 3));
  expect(Buffer.concat(some).equals(Buffer.concat(all.slice(all.length - some.length)))).toBe(true);
  expect(some.length).toBeLessThan(all.length);
  expect(some.length).toBeGreaterThan(0);
}

describe("blocksBefore", () => {
  const numbers = new Set([1, 2]);

  it("finds nothing to trust in random bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 100, maxLength: 20_000 }), (tail) => {
        expect(blocksBefore(tail, numbers)).toEqual([]);
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  it("looks at each place of a hostile tail a few times at most", () => {
    const block = bytes(0xa3, 0x85, 0x81, 0, 0, 0, 1);
    const tail = zeros(50_000 * block.length).map((_, index) => block[index % block.length]!);
    expect(blocksBefore(tail, numbers).length).toBe(50_000);
    const nested = zeros(1_000_000).map((_, index) => (index % 2 === 0 ? 0xa0 : 0x80));
    expect(blocksBefore(nested, numbers)).toEqual([]);
  });
});

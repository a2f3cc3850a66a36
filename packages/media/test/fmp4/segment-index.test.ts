import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { segmentIndexBox } from "../../src/fmp4/segment-index.ts";
import { readSegmentIndex } from "../../src/isobmff/segment-index.ts";
import { MediaReader } from "../../src/reader.ts";
import { box, bytes } from "../support/build.ts";
import { MemorySource, never } from "../support/memory-source.ts";

const FILE_TYPE = box("ftyp", "iso6");

const read = (sidx: Uint8Array) => {
  const source = new MemorySource(bytes(FILE_TYPE, sidx, box("moof")), { sizeBytes: Number.MAX_SAFE_INTEGER });
  return readSegmentIndex(new MediaReader(source, never), FILE_TYPE.length);
};

const subsegment = fc.record({
  lengthBytes: fc.integer({ min: 8, max: 2 ** 31 - 1 }),
  durationTicks: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
});

describe("segmentIndexBox", () => {
  it("says where each subsegment begins, in bytes and in time, as our own reader reads it", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(subsegment, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        fc.integer({ min: 0, max: 2 ** 42 }),
        async (subsegments, timescale, startTicks) => {
          const sidx = segmentIndexBox({ trackId: 7, timescale, startTicks, subsegments });
          let offsetBytes = FILE_TYPE.length + sidx.length;
          let ticks = startTicks;
          const entries = subsegments.map(({ lengthBytes, durationTicks }) => {
            const entry = { timeSeconds: ticks / timescale, offsetBytes };
            offsetBytes += lengthBytes;
            ticks += durationTicks;
            return entry;
          });
          expect(await read(sidx)).toMatchObject({ trackNumber: 7, entries, endOffset: offsetBytes });
        },
      ),
    );
  });

  it("writes as many as a film may have, and cuts what is longer than any", () => {
    const subsegments = Array.from({ length: 20_000 }, () => ({ lengthBytes: 100, durationTicks: 2 ** 33 }));
    const sidx = segmentIndexBox({ trackId: 1, timescale: 1000, startTicks: 0, subsegments });
    expect(sidx.length).toBe(40 + 12 * 20_000);
    const view = new DataView(sidx.buffer);
    expect([view.getUint32(0), view.getUint16(38), view.getUint32(44)]).toEqual([sidx.length, 20_000, 2 ** 32 - 1]);
  });
});

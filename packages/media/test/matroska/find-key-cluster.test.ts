import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type KeyIndexEntry, openMatroska } from "../../src/index.ts";
import { ElementId } from "../../src/matroska/element-ids.ts";
import { bytes, unknownSizeElement, zeros } from "../support/build.ts";
import { MemorySource, never } from "../support/memory-source.ts";
import { AUDIO_TRACK, EBML_HEADER, info, KEYFRAME, simpleBlock, timedCluster, tracks, VIDEO_TRACK } from "./film.ts";

/** A second of a film, with a picture at each tenth. */
interface ClusterPlan {
  /** The picture that is a keyframe; 10 for none. */
  readonly keyframe: number;
  readonly pictureBytes: number;
}

const evenPlan = (keyframe: number): ClusterPlan[] =>
  Array.from({ length: 20 }, () => ({ keyframe, pictureBytes: 100 }));
const plans = fc.array(fc.record({ keyframe: fc.nat({ max: 20 }), pictureBytes: fc.integer({ min: 1, max: 9000 }) }), {
  minLength: 1,
  maxLength: 60,
});

/** A film without Cues, and where its Clusters are. */
function filmOf(plan: readonly ClusterPlan[], trackList = tracks(VIDEO_TRACK, AUDIO_TRACK)) {
  const head = bytes(EBML_HEADER, unknownSizeElement(ElementId.segment), info(1000 * plan.length), trackList);
  const clusters = plan.map(({ keyframe, pictureBytes }, second) =>
    timedCluster(
      1000 * second,
      simpleBlock(2, 0, KEYFRAME, zeros(50)),
      ...Array.from({ length: 10 }, (_, tenth) =>
        simpleBlock(1, 100 * tenth, tenth === keyframe ? KEYFRAME : 0, zeros(pictureBytes)),
      ),
    ),
  );
  const entries: KeyIndexEntry[] = [];
  let offsetBytes = head.length;
  for (const [timeSeconds, cluster] of clusters.entries()) {
    entries.push({ timeSeconds, offsetBytes });
    offsetBytes += cluster.length;
  }
  return { source: new MemorySource(bytes(head, ...clusters)), entries };
}

/** The place by which a decoder gets to a time: what the search must find. */
function expectedEntry(plan: readonly ClusterPlan[], entries: readonly KeyIndexEntry[], tenths: number) {
  const found = plan.findLastIndex(({ keyframe }, second) => keyframe < 10 && 10 * second + keyframe <= tenths);
  return entries[found] ?? entries[Math.min(Math.floor(tenths / 10), entries.length - 1)];
}

describe("A film without an index", () => {
  it("is entered at the last cluster with a keyframe before the time, wherever in it that is", async () => {
    const searches = fc.array(fc.nat({ max: 700 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(plans, searches, async (plan, times) => {
        const { source, entries } = filmOf(plan);
        const demuxer = await openMatroska(source, never);
        for (const tenths of times) {
          const found = await demuxer.findEntry(tenths / 10, undefined, never);
          expect(found).toEqual(expectedEntry(plan, entries, tenths));
        }
      }),
      { numRuns: 60 },
    );
  });

  it("of sound alone is entered at the last cluster before the time", async () => {
    const { source, entries } = filmOf(evenPlan(10), tracks(AUDIO_TRACK));
    const demuxer = await openMatroska(source, never);
    expect(await demuxer.findEntry(7.5, undefined, never)).toEqual(entries[7]);
  });

  it("is read no further than some megabytes around the time for a keyframe", async () => {
    const plan = Array.from({ length: 100 }, (_, second) => ({
      keyframe: second === 0 ? 0 : 10,
      pictureBytes: 50_000,
    }));
    const { source, entries } = filmOf(plan);
    const demuxer = await openMatroska(source, never);
    source.touchedBytes = 0;
    expect(await demuxer.findEntry(90, undefined, never)).toEqual(entries[90]);
    expect(source.touchedBytes).toBeLessThan(50 * 1024 * 1024);
    source.touchedBytes = 0;
    expect(await demuxer.findEntry(5, undefined, never)).toEqual(entries[0]);
    expect(source.touchedBytes).toBeLessThan(12 * 1024 * 1024);
  });

  it("cannot be entered without clusters", async () => {
    const { source } = filmOf([]);
    const demuxer = await openMatroska(source, never);
    expect(await demuxer.findEntry(5, undefined, never)).toBeUndefined();
  });
});

describe("The entry of an index", () => {
  const plan = evenPlan(0);

  it("is what it says, at the price of one block", async () => {
    const { source, entries } = filmOf(plan);
    const demuxer = await openMatroska(source, never);
    source.touchedBytes = 0;
    expect(await demuxer.findEntry(17, entries[3], never)).toBe(entries[3]);
    expect(source.touchedBytes).toBeLessThanOrEqual(16 * 1024);
  });

  it.each([1, 1e9])("is not used where no cluster is (%d bytes beside one)", async (shiftBytes) => {
    const { source, entries } = filmOf(plan);
    const demuxer = await openMatroska(source, never);
    const listed = { timeSeconds: 3, offsetBytes: entries[3]!.offsetBytes + shiftBytes };
    expect(await demuxer.findEntry(17.5, listed, never)).toEqual(entries[17]);
  });
});

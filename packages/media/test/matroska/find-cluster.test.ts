import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ByteSource,
  type KeyIndexEntry,
  keyIndexEntryAt,
  type MatroskaDemuxer,
  openMatroska,
} from "../../src/index.ts";
import { ElementId } from "../../src/matroska/element-ids.ts";
import { bytes, claimingElement, element, u64, unknownSizeElement, zeros } from "../support/build.ts";
import { MemorySource, never } from "../support/memory-source.ts";
import { EBML_HEADER, info, matroska, timedCluster, tracks, VIDEO_TRACK } from "./film.ts";

const MIB = 1024 * 1024;

interface ClusterPlan {
  readonly seconds: number;
  readonly lengthBytes: number;
}

/** A film of any size whose Clusters hold nothing but a time and zeros. Counts what is read of it. */
class PlannedFilm implements ByteSource {
  readonly sizeBytes: number;
  readonly index: KeyIndexEntry[] = [];
  touchedBytes = 0;
  readonly #parts: { offset: number; content: Uint8Array }[];

  constructor(plan: readonly ClusterPlan[], options: { isSized: boolean; durationSeconds: number }) {
    const head = bytes(
      EBML_HEADER,
      unknownSizeElement(ElementId.segment),
      info(1000 * options.durationSeconds),
      tracks(VIDEO_TRACK),
    );
    this.#parts = [{ offset: 0, content: head }];
    let offset = head.length;
    for (const { seconds, lengthBytes } of plan) {
      const time = element(ElementId.timestamp, u64(1000 * seconds));
      const start = options.isSized
        ? claimingElement(ElementId.cluster, lengthBytes - 12)
        : unknownSizeElement(ElementId.cluster);
      this.#parts.push({ offset, content: bytes(start, time) });
      this.index.push({ timeSeconds: seconds, offsetBytes: offset });
      offset += lengthBytes;
    }
    this.sizeBytes = offset;
  }

  async readAt(offset: number, length: number): Promise<Uint8Array> {
    const result = new Uint8Array(Math.min(length, this.sizeBytes - offset));
    this.touchedBytes += result.length;
    for (const part of this.#parts) {
      const start = Math.max(part.offset, offset);
      const end = Math.min(part.offset + part.content.length, offset + result.length);
      if (start < end) result.set(part.content.subarray(start - part.offset, end - part.offset), start - offset);
    }
    return result;
  }
}

const findCluster = (source: ByteSource, demuxer: MatroskaDemuxer, timeSeconds: number) =>
  demuxer.clusters.find(source, timeSeconds, never.signal);
const openFilm = async (film: ByteSource) => openMatroska(film, never);

const plans = fc.array(
  fc.record({ seconds: fc.nat({ max: 20 }), lengthBytes: fc.integer({ min: 100, max: 3 * MIB }) }),
  {
    minLength: 1,
    maxLength: 60,
  },
);

/** Seconds of a plan are those between Clusters; times then rise. */
function rising(plan: readonly ClusterPlan[]): ClusterPlan[] {
  let total = 0;
  return plan.map(({ seconds, lengthBytes }) => {
    total += seconds + 1;
    return { seconds: total, lengthBytes };
  });
}

describe("A search for a cluster", () => {
  it.each([true, false])("finds the last cluster before any time (sizes known: %j)", async (isSized) => {
    const searches = fc.array(fc.nat({ max: 1200 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(plans, searches, fc.nat({ max: 2000 }), async (plan, times, durationSeconds) => {
        const film = new PlannedFilm(rising(plan), { isSized, durationSeconds });
        const demuxer = await openFilm(film);
        for (const time of times) {
          expect(await findCluster(film, demuxer, time)).toEqual(keyIndexEntryAt(film.index, time));
        }
      }),
      { numRuns: 60 },
    );
  });

  /** Two hours of 8 Mb/s, in Clusters of five seconds whose sizes differ by a factor of up to nine. */
  const feature = (isSized: boolean) =>
    new PlannedFilm(
      Array.from({ length: 1440 }, (_, index) => ({ seconds: 5 * index, lengthBytes: (1 + ((index * 7) % 9)) * MIB })),
      { isSized, durationSeconds: 7200 },
    );

  it.each([
    { isSized: true, limitBytes: 24 * MIB },
    { isSized: false, limitBytes: 40 * MIB },
  ])("reads a small part of a large film (sizes known: $isSized)", async ({ isSized, limitBytes }) => {
    const film = feature(isSized);
    for (const time of [3, 700.5, 3600, 6480, 7199]) {
      const demuxer = await openFilm(film);
      film.touchedBytes = 0;
      expect(await findCluster(film, demuxer, time)).toEqual(keyIndexEntryAt(film.index, time));
      expect(film.touchedBytes).toBeLessThan(limitBytes);
    }
  });

  it("remembers what it has found", async () => {
    const film = feature(false);
    const demuxer = await openFilm(film);
    const found = await findCluster(film, demuxer, 3601);
    film.touchedBytes = 0;
    expect(await findCluster(film, demuxer, 3604.9)).toEqual(found);
    expect(film.touchedBytes).toBe(0);
    await findCluster(film, demuxer, 3606);
    expect(film.touchedBytes).toBeLessThan(20 * MIB);
  });

  it("gives up on times that leap about, with some cluster before the time", async () => {
    const plan = Array.from({ length: 400 }, (_, index) => ({ seconds: (index * 7919) % 1000, lengthBytes: 30_000 }));
    const film = new PlannedFilm(plan, { isSized: true, durationSeconds: 1000 });
    const demuxer = await openFilm(film);
    const found = await findCluster(film, demuxer, 500);
    expect(film.index).toContainEqual(found);
    expect(found?.timeSeconds).toBeLessThanOrEqual(500);
  });

  it.each([
    { title: "nothing but zeros", sizeBytes: 2 ** 40 },
    { title: "the end", sizeBytes: undefined },
  ])("finds none where the header is followed by $title", async ({ sizeBytes }) => {
    const file = bytes(EBML_HEADER, unknownSizeElement(ElementId.segment), info(0), tracks(VIDEO_TRACK), zeros(20));
    const source = new MemorySource(file, sizeBytes === undefined ? {} : { sizeBytes });
    const demuxer = await openMatroska(source, never);
    expect(await findCluster(source, demuxer, 5)).toBeUndefined();
    expect(source.touchedBytes).toBeLessThan(8 * MIB);
  });

  it("reads at most 96 MiB of a file that has one cluster in a terabyte", async () => {
    const head = bytes(EBML_HEADER, unknownSizeElement(ElementId.segment), info(7_200_000), tracks(VIDEO_TRACK));
    const file = bytes(head, unknownSizeElement(ElementId.cluster), element(ElementId.timestamp, 0));
    const source = new MemorySource(file, { sizeBytes: 2 ** 40 });
    const demuxer = await openMatroska(source, never);
    expect(await findCluster(source, demuxer, 3600)).toEqual({ timeSeconds: 0, offsetBytes: head.length });
    expect(source.touchedBytes).toBeLessThan(96 * MIB);
  });

  it("believes no cluster in front of the first", async () => {
    const file = matroska(tracks(VIDEO_TRACK), timedCluster(7000), timedCluster(9000));
    const source = new MemorySource(file);
    const demuxer = await openMatroska(source, never);
    expect((await findCluster(source, demuxer, -1))?.timeSeconds).toBe(7);
  });
});

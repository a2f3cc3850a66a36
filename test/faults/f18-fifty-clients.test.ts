import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBody } from "../support/bundled-riptide.ts";
import { sha256 } from "../support/sha256.ts";
import { createFilm, type Film, type Stage, setStage } from "./play.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const CLIENTS = 50;
const PART_BYTES = 128 * KIB;
/** For those who all want this; behind it, a part for each of those who want something else. */
const SAME_BYTES = 3 * MIB;
const LINE_BYTES_PER_SECOND = 3 * MIB;

describe("F18 fifty clients at once", () => {
  let film: Film;
  let stage: Stage;
  beforeAll(async () => {
    film = await createFilm({ lengthBytes: SAME_BYTES + CLIENTS * PART_BYTES, pieceLengthBytes: PART_BYTES });
    stage = await setStage(film, [{ bytesPerSecond: LINE_BYTES_PER_SECOND }]);
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  const sentBytes = () => stage.seeds[0]!.counters.bytesSent;

  it("who want the same get it from one download", async () => {
    const headers = { range: `bytes=0-${SAME_BYTES - 1}` };
    const reads = await Promise.all(Array.from({ length: CLIENTS }, () => readBody(stage.url, headers)));
    expect(new Set(reads.map((read) => read.sha256))).toEqual(new Set([sha256(film.bytes.subarray(0, SAME_BYTES))]));
    // Each piece once.
    expect(sentBytes()).toBeLessThanOrEqual(1.05 * SAME_BYTES);
    await stage.nothingLeft();
  });

  it("who want something else each all get it, and nobody waits for the others to be done", async () => {
    const sentBefore = sentBytes();
    const parts = Array.from({ length: CLIENTS }, (_, client) => SAME_BYTES + client * PART_BYTES);
    const reads = await Promise.all(
      parts.map((start) => readBody(stage.url, { range: `bytes=${start}-${start + PART_BYTES - 1}` })),
    );
    const wanted = parts.map((start) => sha256(film.bytes.subarray(start, start + PART_BYTES)));
    expect(reads.map((read) => read.sha256)).toEqual(wanted);
    expect(sentBytes() - sentBefore).toBeLessThanOrEqual(1.05 * CLIENTS * PART_BYTES);
    // The line needs two seconds for all: the last one has waited for about that, not for any timeout.
    const allMs = ((CLIENTS * PART_BYTES) / LINE_BYTES_PER_SECOND) * 1000;
    expect(Math.max(...reads.map(({ tookMs }) => tookMs))).toBeLessThan(3 * allMs);
    await stage.nothingLeft();
  });
});

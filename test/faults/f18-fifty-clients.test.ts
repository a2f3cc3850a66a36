import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBody } from "../support/bundled-riptide.ts";
import { sha256 } from "../support/sha256.ts";
import { createFilm, type Film, type Stage, setStage } from "./play.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const CLIENTS = 50;
const PIECE_BYTES = 128 * KIB;
/** The file that all of them want; behind it, one for each of those who want something else. */
const SAME_BYTES = 3 * MIB;
const OTHER_BYTES = 128 * KIB;
const LINE_BYTES_PER_SECOND = 3 * MIB;

describe("F18 fifty clients at once", () => {
  let film: Film;
  let stage: Stage;
  beforeAll(async () => {
    const others = Array.from({ length: CLIENTS }, () => OTHER_BYTES);
    film = await createFilm({
      lengthBytes: SAME_BYTES + CLIENTS * OTHER_BYTES,
      fileLengthsBytes: [SAME_BYTES, ...others],
      pieceLengthBytes: PIECE_BYTES,
    });
    stage = await setStage(film, [{ bytesPerSecond: LINE_BYTES_PER_SECOND }]);
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  const sentBytes = () => stage.seeds[0]!.counters.bytesSent;

  it("who want the same get it from one download", async () => {
    const reads = await Promise.all(Array.from({ length: CLIENTS }, () => readBody(stage.url)));
    expect(new Set(reads.map((read) => read.sha256))).toEqual(new Set([sha256(film.bytes.subarray(0, SAME_BYTES))]));
    // Each piece once.
    expect(sentBytes()).toBeLessThanOrEqual(1.05 * SAME_BYTES);
    await stage.nothingLeft();
  });

  it("who want a file of their own each all get it, and nobody waits for the others to be done", async () => {
    const sentBefore = sentBytes();
    const torrent = `${stage.riptide.url}/stream/${film.infoHash}`;
    const starts = Array.from({ length: CLIENTS }, (_, client) => SAME_BYTES + client * OTHER_BYTES);
    const reads = await Promise.all(starts.map((_, client) => readBody(`${torrent}/${client + 1}/direct`)));
    const wanted = starts.map((start) => sha256(film.bytes.subarray(start, start + OTHER_BYTES)));
    expect(reads.map((read) => read.sha256)).toEqual(wanted);
    expect(sentBytes() - sentBefore).toBeLessThanOrEqual(1.05 * CLIENTS * OTHER_BYTES);
    // The line needs two seconds for all: the last one has waited for about that, not for any timeout.
    const allMs = ((CLIENTS * OTHER_BYTES) / LINE_BYTES_PER_SECOND) * 1000;
    expect(Math.max(...reads.map(({ tookMs }) => tookMs))).toBeLessThan(3 * allMs);
    await stage.nothingLeft();
  });
});

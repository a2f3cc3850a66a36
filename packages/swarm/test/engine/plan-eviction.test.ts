import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type KeptTorrent, piecesIn, planEviction } from "../../src/engine/plan-eviction.ts";
import { pieceLength } from "../../src/types.ts";

const PIECE = 1024 * 1024;

/** A film of so many pieces, all of them there, each used at the second of its index. */
function film(pieceCount: number, options: Partial<KeptTorrent> = {}): KeptTorrent {
  const sizeBytes = pieceCount * PIECE;
  return {
    geometry: { pieceCount, pieceLengthBytes: PIECE, sizeBytes },
    pieces: Array.from({ length: pieceCount }, (_, piece) => piece),
    usedMs: (piece) => piece * 1000,
    isBeingRead: () => false,
    demanded: [],
    files: [{ offsetBytes: 0, lengthBytes: sizeBytes }],
    ...options,
  };
}

function run(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

describe("planEviction", () => {
  it("frees what was read longest ago, and no more than is needed", () => {
    expect(planEviction([film(64)], 3 * PIECE)).toEqual([[4, 5, 6]]);
    expect(planEviction([film(64)], 2 * PIECE + 1)).toEqual([[4, 5, 6]]);
    expect(planEviction([film(64)], 0)).toEqual([[]]);
  });

  it("keeps the head and the tail of each file as long as anything else can go", () => {
    const files = [
      { offsetBytes: 0, lengthBytes: 32 * PIECE },
      { offsetBytes: 32 * PIECE, lengthBytes: 968 * PIECE },
    ];
    // A sixteenth of a short file, eight megabytes of a long one.
    const ends = [...run(0, 2), ...run(30, 2), ...run(32, 8), ...run(992, 8)];
    const [gone = []] = planEviction([film(1000, { files })], (1000 - ends.length) * PIECE);
    expect(gone.toSorted((a, b) => a - b)).toEqual(run(0, 1000).filter((piece) => !ends.includes(piece)));
    // Where nothing else is left, the ends that were read longest ago go.
    const [more = []] = planEviction([film(1000, { files })], (1000 - ends.length + 2) * PIECE);
    expect(more.slice(gone.length)).toEqual([0, 1]);
  });

  it("never frees what is demanded or being read, even if that is less than is needed", () => {
    const demanded = [{ start: 10 * PIECE + 1, end: 12 * PIECE + 1 }];
    const torrent = film(16, { demanded, isBeingRead: (piece) => piece === 3 });
    const [gone = []] = planEviction([torrent], 100 * PIECE);
    expect([...gone].sort((a, b) => a - b)).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9, 13, 14, 15]);
  });

  it("compares all torrents", () => {
    const old = film(32, { usedMs: () => 5500 });
    expect(planEviction([film(64), old], 4 * PIECE)).toEqual([
      [4, 5],
      [2, 3],
    ]);
  });

  it("does for any torrents what it says", () => {
    const torrents = fc.array(
      fc.record({
        count: fc.integer({ min: 1, max: 40 }),
        used: fc.array(fc.nat(5), { minLength: 40, maxLength: 40 }),
        held: fc.nat(40),
        window: fc.tuple(fc.nat(40), fc.nat(6)),
      }),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(torrents, fc.nat(60 * PIECE), (specs, neededBytes) => {
        const kept = specs.map(({ count, used, held, window: [start, length] }) =>
          film(count, {
            usedMs: (piece) => used[piece]!,
            isBeingRead: (piece) => piece === held,
            demanded: [{ start: start * PIECE, end: (start + length) * PIECE }],
          }),
        );
        const plan = planEviction(kept, neededBytes);
        let freed = 0;
        let couldFree = 0;
        for (const [index, torrent] of kept.entries()) {
          const spared = piecesIn(torrent.demanded, torrent.geometry);
          const gone = plan[index]!;
          expect(new Set(gone).size).toBe(gone.length);
          for (const piece of gone) {
            expect(spared.has(piece) || torrent.isBeingRead(piece)).toBe(false);
            freed += pieceLength(torrent.geometry, piece);
          }
          couldFree += [...torrent.pieces].filter((piece) => !spared.has(piece) && !torrent.isBeingRead(piece)).length;
        }
        expect(freed).toBeGreaterThanOrEqual(Math.min(neededBytes, couldFree * PIECE));
        expect(freed).toBeLessThan(neededBytes + PIECE);
      }),
    );
  });
});

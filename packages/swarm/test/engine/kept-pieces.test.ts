import { describe, expect, it } from "vitest";
import { KeptPieces } from "../../src/engine/kept-pieces.ts";

const GEOMETRY = { pieceCount: 8, pieceLengthBytes: 100, sizeBytes: 750 };

function setUp(bits = 0b1110_0001) {
  const verified = Uint8Array.of(bits);
  let nowMs = 0;
  const pieces = new KeptPieces(GEOMETRY, verified, () => nowMs);
  const at = (ms: number): void => {
    nowMs = ms;
  };
  return { verified, pieces, at };
}

describe("KeptPieces", () => {
  it("counts the bytes of what is there, the last piece shorter", () => {
    const { pieces } = setUp();
    expect([...pieces.evictable()]).toEqual([0, 1, 2, 7]);
    expect([pieces.keptBytes, pieces.evictingBytes]).toEqual([350, 0]);
  });

  it("gives nobody a piece that is being evicted, and counts it until it is gone", () => {
    const { pieces, verified } = setUp();
    pieces.evict([1, 7, 5]);
    expect([...pieces.evictable()]).toEqual([0, 2]);
    expect([pieces.keptBytes, pieces.evictingBytes]).toEqual([350, 150]);
    verified[0] = 0b1010_0000;
    pieces.evicted([1, 7, 5]);
    expect([...pieces.evictable()]).toEqual([0, 2]);
    expect([pieces.keptBytes, pieces.evictingBytes]).toEqual([200, 0]);
  });

  it("gives a piece that was fetched again before its place was given back", () => {
    const { pieces } = setUp();
    pieces.evict([1]);
    pieces.verified(1);
    expect(pieces.has(1)).toBe(true);
    pieces.evicted([1]);
    expect([pieces.has(1), pieces.keptBytes, pieces.evictingBytes]).toEqual([true, 350, 0]);
  });

  it("evicts no piece that the session has not told of, although it can be read", () => {
    const { pieces, verified } = setUp();
    verified[0] = 0b1111_0001;
    pieces.evict([3]);
    expect([pieces.has(3), pieces.evictingBytes, [...pieces.evictable()]]).toEqual([true, 0, [0, 1, 2, 7]]);
    pieces.verified(3);
    pieces.verified(3);
    expect([pieces.keptBytes, [...pieces.evictable()]]).toEqual([450, [0, 1, 2, 3, 7]]);
  });

  it("knows when each piece came or was last read, and which are being read", () => {
    const { pieces, verified, at } = setUp();
    at(10);
    verified[0] = 0b1111_0001;
    pieces.verified(3);
    at(20);
    const read = pieces.read(0, 1);
    expect([0, 1, 2, 3].map((piece) => pieces.usedMs(piece))).toEqual([20, 20, 0, 10]);
    const again = pieces.read(1, 2);
    expect([0, 1, 2, 3].map((piece) => pieces.isBeingRead(piece))).toEqual([true, true, true, false]);
    read[Symbol.dispose]();
    expect([0, 1, 2, 3].map((piece) => pieces.isBeingRead(piece))).toEqual([false, true, true, false]);
    again[Symbol.dispose]();
    expect(pieces.isBeingRead(1)).toBe(false);
  });
});

import { torrentShape } from "@riptide/sim";
import { describe, expect, it } from "vitest";
import { bitsBeyond, bitsByteLength, countBits, hasBit, setBit, setBitsOf } from "../../src/bits.ts";
import { BlockGrid } from "../../src/download/block-grid.ts";

describe("bits", () => {
  it("have the first index in the highest bit of the first byte (BEP 3)", () => {
    const bits = new Uint8Array(bitsByteLength(9));
    setBit(bits, 0);
    setBit(bits, 7);
    setBit(bits, 8);
    expect([...bits]).toEqual([0b10000001, 0b10000000]);
    expect([0, 1, 6, 7, 8, 9].map((index) => hasBit(bits, index))).toEqual([true, false, false, true, true, false]);
  });

  it("outside the bytes are not set", () => {
    expect(hasBit(Uint8Array.of(255), 8)).toBe(false);
  });

  it("are counted, compared and listed byte by byte", () => {
    const bits = Uint8Array.of(0b10110000, 0, 0b00000001, 0xff);
    expect([...setBitsOf(bits)]).toEqual([0, 2, 3, 23, 24, 25, 26, 27, 28, 29, 30, 31]);
    expect(countBits(bits)).toBe(12);
    const beyond = bitsBeyond(bits, Uint8Array.of(0b10000001, 0xff));
    expect([...beyond]).toEqual([0b00110000, 0, 0b00000001, 0xff]);
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    expect(countBits(all)).toBe([...setBitsOf(all)].length);
    expect(countBits(all)).toBe(1024);
  });
});

describe("block grid", () => {
  const grid = new BlockGrid(torrentShape(100_000, 40_000));

  it("cuts every piece into blocks of 16 KiB and a rest", () => {
    expect([0, 1, 2].map((piece) => grid.blockCount(piece))).toEqual([3, 3, 2]);
    expect(grid.requestOf(grid.key(0, 2))).toEqual({ piece: 0, offset: 32_768, length: 7232 });
    expect(grid.requestOf(grid.key(2, 1))).toEqual({ piece: 2, offset: 16_384, length: 3616 });
  });

  it("finds back the block that a key names", () => {
    for (const piece of [0, 1, 2]) {
      for (let block = 0; block < grid.blockCount(piece); block++) {
        const key = grid.key(piece, block);
        expect([grid.pieceOf(key), grid.blockOf(key), grid.keyOf(grid.requestOf(key))]).toEqual([piece, block, key]);
      }
    }
  });

  it.each([
    { title: "a piece that does not exist", piece: 3, offset: 0, length: 16_384 },
    { title: "a negative piece", piece: -1, offset: 0, length: 16_384 },
    { title: "an offset between blocks", piece: 0, offset: 1, length: 16_384 },
    { title: "a negative offset", piece: 0, offset: -16_384, length: 16_384 },
    { title: "an offset past the piece", piece: 2, offset: 32_768, length: 1 },
    { title: "a length that is too short", piece: 0, offset: 0, length: 16_383 },
    { title: "a whole block where a rest is", piece: 0, offset: 32_768, length: 16_384 },
    { title: "no length", piece: 0, offset: 49_152, length: 0 },
  ])("knows no key for $title", ({ piece, offset, length }) => {
    expect(grid.keyOf({ piece, offset, length })).toBeUndefined();
  });
});

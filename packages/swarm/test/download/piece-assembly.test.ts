import { describe, expect, it } from "vitest";
import { BufferPool } from "../../src/download/buffer-pool.ts";
import { PieceAssembly } from "../../src/download/piece-assembly.ts";
import { Source } from "../../src/download/source.ts";

const BLOCK = 16_384;
const LENGTH = 3 * BLOCK + 10;
const alice = new Source(1, "alice");
const bob = new Source(2, "bob");

function newAssembly() {
  const pool = new BufferPool(4 * BLOCK);
  return { pool, assembly: new PieceAssembly({ piece: 5, lengthBytes: LENGTH, openedOrder: 0, pool }) };
}

describe("a piece being put together", () => {
  it("has a shorter last block, and takes its buffer only when it is needed", () => {
    const { assembly, pool } = newAssembly();
    expect([assembly.blockCount, assembly.freeBlocks, pool.bytes]).toEqual([4, 4, 0]);
    expect([0, 3].map((block) => assembly.blockBytes(block).length)).toEqual([BLOCK, 10]);
    expect(assembly.bytes().length).toBe(LENGTH);
    expect(pool.bytes).toBe(4 * BLOCK);
  });

  it("counts a block as free again when the last peer that answers gives it up", () => {
    const { assembly } = newAssembly();
    assembly.ask(0);
    assembly.ask(0);
    assembly.unask(0, false);
    expect([assembly.freeBlocks, assembly.nextFree()]).toEqual([3, 1]);
    assembly.unask(0, false);
    expect([assembly.freeBlocks, assembly.nextFree()]).toEqual([4, 0]);
  });

  it("frees what a silent peer owes, and takes it back when the peer speaks again", () => {
    const { assembly } = newAssembly();
    assembly.ask(0);
    assembly.silence(0);
    expect([assembly.freeBlocks, assembly.owedLive(0), assembly.isOwed(0)]).toEqual([4, 0, true]);
    assembly.revive(0);
    expect([assembly.freeBlocks, assembly.owedLive(0)]).toEqual([3, 1]);
  });

  it("frees a block whose other peer goes while the first is silent", () => {
    const { assembly } = newAssembly();
    assembly.ask(0);
    assembly.silence(0);
    assembly.ask(0);
    assembly.unask(0, false);
    expect(assembly.freeBlocks).toBe(4);
    assembly.unask(0, true);
    expect([assembly.freeBlocks, assembly.isOwed(0)]).toEqual([4, false]);
  });

  it("knows who sent what, and throws away what one of them sent", () => {
    const { assembly } = newAssembly();
    for (const block of [0, 1, 2]) assembly.arrive(block, alice);
    assembly.arrive(3, bob);
    expect(assembly.isComplete).toBe(true);
    expect(assembly.contributors).toEqual([alice, bob]);
    expect([assembly.isOnlyFrom(alice), assembly.isOnlyFrom(bob)]).toEqual([false, false]);
    expect(assembly.discard((source) => source === bob)).toBe(10);
    expect([assembly.isOnlyFrom(alice), assembly.isOnlyFrom(bob)]).toEqual([true, false]);
    expect([assembly.freeBlocks, assembly.nextFree(), assembly.isComplete]).toEqual([1, 3, false]);
  });

  it("finds a free block that is acceptable", () => {
    const { assembly } = newAssembly();
    assembly.ask(0);
    expect(assembly.nextFree((block) => block > 1)).toBe(2);
    expect(assembly.nextFree(() => false)).toBeUndefined();
  });

  it.each([
    {
      title: "a block that arrives twice",
      act: (assembly: PieceAssembly) => {
        assembly.arrive(0, alice);
        assembly.arrive(0, bob);
      },
    },
    { title: "a block given up that nobody owes", act: (assembly: PieceAssembly) => assembly.unask(0, false) },
  ])("asserts on $title", ({ act }) => {
    expect(() => act(newAssembly().assembly)).toThrow("must");
  });
});

describe("wires that write into a piece", () => {
  it("share it, one for each block", () => {
    const { assembly } = newAssembly();
    const first = assembly.startWriting(0, 1);
    expect(first?.byteLength).toBe(BLOCK);
    expect(assembly.startWriting(0, 2)).toBeUndefined();
    expect(assembly.startWriting(1, 2)?.byteOffset).toBe(BLOCK);
    assembly.stopWriting(0, 2);
    expect(assembly.startWriting(0, 2)).toBeUndefined();
    assembly.stopWriting(0, 1);
    expect(assembly.startWriting(0, 2)).toBeDefined();
  });

  it("are named when their block or the whole piece is taken away", () => {
    const { assembly, pool } = newAssembly();
    const first = assembly.startWriting(0, 1);
    const second = assembly.startWriting(1, 2);
    expect(assembly.interruptWriter(0)).toBe(first);
    expect(assembly.interruptWriter(0)).toBeUndefined();
    expect(assembly.close()).toEqual([second]);
    expect(pool.bytes).toBe(4 * BLOCK);
    expect(assembly.close()).toEqual([]);
  });
});

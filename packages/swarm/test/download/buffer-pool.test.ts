import { describe, expect, it } from "vitest";
import { BufferPool, MIN_PIECE_BUFFERS, PIECE_MEMORY_BYTES } from "../../src/download/buffer-pool.ts";
import { PieceMemory } from "../../src/download/piece-memory.ts";

const MIB = 1024 * 1024;

/** Takes buffers for so many pieces, or as many as there is memory for. */
function fillPool(pool: BufferPool, count = Number.POSITIVE_INFINITY): Uint8Array[] {
  const buffers: Uint8Array[] = [];
  while (buffers.length < count && !pool.isFull) {
    pool.reserve();
    buffers.push(pool.take());
  }
  return buffers;
}

function emptyPool(pool: BufferPool, buffers: readonly Uint8Array[]): void {
  for (const buffer of buffers) {
    pool.give(buffer);
    pool.release();
  }
}

describe("BufferPool", () => {
  it.each([
    [MIB, PIECE_MEMORY_BYTES / MIB],
    [64 * MIB, MIN_PIECE_BUFFERS],
  ])(
    "holds pieces of %d bytes within its memory, and a few where they are larger than that",
    (lengthBytes, capacity) => {
      expect(new BufferPool(lengthBytes).capacity).toBe(capacity);
    },
  );

  it("asks for no new memory while a download goes on, and keeps some of it when none does", () => {
    const pool = new BufferPool(MIB);
    const lent = fillPool(pool);
    expect(lent).toHaveLength(pool.capacity);
    const known = new Set(lent);
    emptyPool(pool, lent.splice(1));
    expect(pool.bytes).toBe(PIECE_MEMORY_BYTES);
    lent.push(...fillPool(pool));
    expect(lent).toHaveLength(pool.capacity);
    expect(lent.every((buffer) => known.has(buffer))).toBe(true);
    emptyPool(pool, lent);
    expect(pool.bytes).toBe(16 * MIB);
  });

  it("keeps a single buffer of pieces that are larger than what it keeps", () => {
    const pool = new BufferPool(32 * MIB);
    emptyPool(pool, fillPool(pool, 2));
    expect(pool.bytes).toBe(32 * MIB);
  });
});

describe("pools of several torrents", () => {
  it("have together what there is, and each a few buffers whatever the others have", () => {
    const memory = new PieceMemory(10 * MIB);
    const [first, second] = [new BufferPool(MIB, memory), new BufferPool(2 * MIB, memory)];
    const ofFirst = fillPool(first);
    expect([ofFirst.length, fillPool(second).length]).toEqual([10, MIN_PIECE_BUFFERS]);
    // The others have eight of ten megabytes: of what the first gives back it may have its few again.
    emptyPool(first, ofFirst);
    expect(fillPool(first)).toHaveLength(MIN_PIECE_BUFFERS);
  });

  it("count a piece from when it is begun, be it that it has no buffer yet", () => {
    const memory = new PieceMemory(10 * MIB);
    const [first, second] = [new BufferPool(MIB, memory), new BufferPool(MIB, memory)];
    for (let piece = 0; piece < 5; piece += 1) first.reserve();
    expect(fillPool(second)).toHaveLength(5);
    expect([memory.bufferBytes, first.isFull]).toEqual([5 * MIB, true]);
  });

  it("keep spare buffers no longer than others need the memory", () => {
    const memory = new PieceMemory(10 * MIB);
    const [first, second] = [new BufferPool(MIB, memory), new BufferPool(MIB, memory)];
    const [kept, ...others] = fillPool(first, 6);
    emptyPool(first, others);
    expect(first.bytes).toBe(6 * MIB);
    const ofSecond = fillPool(second, 4);
    expect([first.bytes, memory.bufferBytes]).toEqual([6 * MIB, 10 * MIB]);
    ofSecond.push(...fillPool(second, 1));
    expect([first.bytes, memory.bufferBytes]).toEqual([MIB, 6 * MIB]);
    emptyPool(first, [kept!]);
    emptyPool(second, ofSecond);
  });

  it("keep spare buffers only for the one that rested last", () => {
    const memory = new PieceMemory();
    const [first, second] = [new BufferPool(MIB, memory), new BufferPool(4 * MIB, memory)];
    emptyPool(first, fillPool(first, 8));
    expect([first.bytes, second.bytes]).toEqual([8 * MIB, 0]);
    emptyPool(second, fillPool(second, 2));
    expect([first.bytes, second.bytes, memory.bufferBytes]).toEqual([0, 8 * MIB, 8 * MIB]);
    // It goes on: what it has is not taken from it when another one rests.
    const again = fillPool(second, 1);
    emptyPool(first, fillPool(first, 8));
    expect([first.bytes, second.bytes]).toEqual([8 * MIB, 8 * MIB]);
    emptyPool(second, again);
  });

  it("give everything back when their torrent goes, and count no longer what is done with its pieces after that", () => {
    const memory = new PieceMemory(10 * MIB);
    const [first, second] = [new BufferPool(MIB, memory), new BufferPool(MIB, memory)];
    const [given, ...held] = fillPool(first);
    emptyPool(first, [given!]);
    first[Symbol.dispose]();
    expect(memory.bufferBytes).toBe(0);
    emptyPool(first, held);
    expect([memory.bufferBytes, fillPool(second).length]).toEqual([0, 10]);
  });
});

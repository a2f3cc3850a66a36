import { describe, expect, it } from "vitest";
import { BufferPool, MIN_PIECE_BUFFERS, PIECE_MEMORY_BYTES } from "../../src/download/buffer-pool.ts";

const MIB = 1024 * 1024;

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
    const lent = Array.from({ length: pool.capacity }, () => pool.take());
    const known = new Set(lent);
    for (const buffer of lent.splice(1)) pool.give(buffer);
    expect(pool.bytes).toBe(PIECE_MEMORY_BYTES);
    for (let piece = 1; piece < pool.capacity; piece += 1) lent.push(pool.take());
    expect(lent.every((buffer) => known.has(buffer))).toBe(true);
    for (const buffer of lent) pool.give(buffer);
    expect(pool.bytes).toBe(16 * MIB);
  });

  it("keeps a single buffer of pieces that are larger than what it keeps", () => {
    const pool = new BufferPool(32 * MIB);
    for (const buffer of [pool.take(), pool.take()]) pool.give(buffer);
    expect(pool.bytes).toBe(32 * MIB);
  });
});

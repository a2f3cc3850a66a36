import { describe, expect, it } from "vitest";
import { ChunkPool, POOLED_CHUNK_MAX_BYTES, POOLED_CHUNK_MIN_BYTES } from "../src/chunk-pool.ts";

describe("ChunkPool", () => {
  it.each([
    [POOLED_CHUNK_MIN_BYTES - 1, undefined],
    [POOLED_CHUNK_MIN_BYTES, POOLED_CHUNK_MIN_BYTES],
    [POOLED_CHUNK_MAX_BYTES, POOLED_CHUNK_MAX_BYTES],
    [POOLED_CHUNK_MAX_BYTES + 1, undefined],
  ])("asked for %s bytes, lends %s", (lengthBytes, lent) => {
    expect(new ChunkPool().lend(lengthBytes)?.length).toBe(lent);
  });

  it("lends the same memory again once it was given back, whatever its length was", () => {
    const pool = new ChunkPool();
    const first = pool.lend(POOLED_CHUNK_MIN_BYTES)!;
    pool.giveBack(first);
    expect(pool.lend(POOLED_CHUNK_MAX_BYTES)!.buffer).toBe(first.buffer);
  });

  it("never lends memory that somebody still has", () => {
    const pool = new ChunkPool();
    const first = pool.lend(POOLED_CHUNK_MAX_BYTES)!;
    pool.giveBack(first);
    pool.giveBack(first);
    const buffers = [1, 2, 3].map(() => pool.lend(POOLED_CHUNK_MAX_BYTES)!.buffer);
    expect(new Set(buffers).size).toBe(3);
  });

  it("ignores what it has not lent", () => {
    const pool = new ChunkPool();
    const foreign = [new Uint8Array(POOLED_CHUNK_MAX_BYTES), new Uint8Array(new SharedArrayBuffer(8))];
    for (const chunk of foreign) pool.giveBack(chunk);
    expect(foreign.map((chunk) => chunk.buffer)).not.toContain(pool.lend(POOLED_CHUNK_MAX_BYTES)!.buffer);
  });

  it("keeps no more than it can use", () => {
    const pool = new ChunkPool();
    const lent = Array.from({ length: 40 }, () => pool.lend(POOLED_CHUNK_MAX_BYTES)!);
    const buffers = new Set(lent.map((chunk) => chunk.buffer));
    for (const chunk of lent) pool.giveBack(chunk);
    const again = Array.from({ length: 40 }, () => pool.lend(POOLED_CHUNK_MAX_BYTES)!);
    expect(again.filter((chunk) => buffers.has(chunk.buffer))).toHaveLength(32);
  });
});

import { MediaError } from "@riptide/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BLOCK_LENGTH_BYTES, type ByteSource, MediaReader } from "../src/reader.ts";
import { MemorySource, never } from "./support/memory-source.ts";

const FILE = Uint8Array.from(
  { length: 5 * BLOCK_LENGTH_BYTES + 100 },
  (_, index) => (index * 31 + (index >> 8)) & 0xff,
);

describe("MediaReader", () => {
  it("gives exactly the bytes of any range, cut at the end, however short the source answers", async () => {
    const range = fc.tuple(fc.nat({ max: FILE.length + 10 }), fc.nat({ max: 2 * BLOCK_LENGTH_BYTES }));
    const walk = fc.record({
      ranges: fc.array(range, { maxLength: 8 }),
      readLimitBytes: fc.integer({ min: 200, max: 9000 }),
    });
    await fc.assert(
      fc.asyncProperty(walk, async ({ ranges, readLimitBytes }) => {
        const reader = new MediaReader(new MemorySource(FILE, { readLimitBytes }), never);
        for (const [offset, length] of ranges) {
          expect(Buffer.compare(await reader.bytes(offset, length), FILE.subarray(offset, offset + length))).toBe(0);
        }
        expect(reader.touchedBytes).toBeLessThanOrEqual(FILE.length);
      }),
      { numRuns: 100 },
    );
  });

  it("reads a block once, whatever is asked of it", async () => {
    const source = new MemorySource(FILE);
    const reader = new MediaReader(source, never);
    for (let offset = 0; offset < BLOCK_LENGTH_BYTES - 16; offset += 1000) await reader.bytes(offset, 16);
    expect(source.reads).toEqual([[0, BLOCK_LENGTH_BYTES]]);
    expect(reader.touchedBytes).toBe(BLOCK_LENGTH_BYTES);
  });

  it("reads only the missing blocks of a longer range", async () => {
    const source = new MemorySource(FILE);
    const reader = new MediaReader(source, never);
    await reader.bytes(0, 16);
    await reader.bytes(0, 3 * BLOCK_LENGTH_BYTES);
    expect(source.reads).toEqual([
      [0, BLOCK_LENGTH_BYTES],
      [BLOCK_LENGTH_BYTES, 2 * BLOCK_LENGTH_BYTES],
    ]);
  });

  it("reads a large range exactly, in one go", async () => {
    const source = new MemorySource(new Uint8Array(1_000_000));
    const bytes = await new MediaReader(source, never).bytes(12_345, 500_000);
    expect(bytes.length).toBe(500_000);
    expect(source.reads).toEqual([[12_345, 500_000]]);
  });

  it("forgets the oldest blocks beyond its budget", async () => {
    const source = new MemorySource(new Uint8Array(100 * BLOCK_LENGTH_BYTES));
    const reader = new MediaReader(source, never);
    for (let block = 0; block < 65; block += 1) await reader.bytes(block * BLOCK_LENGTH_BYTES, 1);
    await reader.bytes(64 * BLOCK_LENGTH_BYTES, 1);
    expect(source.reads.length).toBe(65);
    await reader.bytes(0, 1);
    expect(source.reads.length).toBe(66);
  });

  it("refuses to read on once a file has made it read more than any header could take", async () => {
    const source = new MemorySource(new Uint8Array(0), { sizeBytes: 2 ** 40 });
    const reader = new MediaReader(source, never);
    const walk = async () => {
      for (let step = 0; step < 10_000; step += 1) await reader.bytes(step * 2 ** 20, 2 ** 20);
    };
    await expect(walk()).rejects.toThrow(MediaError);
    await expect(walk()).rejects.toMatchObject({ code: "damaged_media" });
    expect(reader.touchedBytes).toBeLessThanOrEqual(96 * 1024 * 1024);
  });

  it("does not ask a source whose reader was aborted", async () => {
    const source = new MemorySource(FILE);
    const reason = new Error("gone");
    const reader = new MediaReader(source, { signal: AbortSignal.abort(reason) });
    await expect(reader.bytes(0, 1)).rejects.toBe(reason);
    expect(source.reads).toEqual([]);
  });

  it("gives a failed read another try", async () => {
    const failure = new Error("no peer");
    let calls = 0;
    const source: ByteSource = {
      sizeBytes: 100,
      readAt: () => {
        calls += 1;
        return calls === 1 ? Promise.reject(failure) : Promise.resolve(new Uint8Array(100).fill(7));
      },
    };
    const reader = new MediaReader(source, never);
    await expect(reader.bytes(0, 4)).rejects.toBe(failure);
    expect(await reader.bytes(0, 4)).toEqual(Uint8Array.of(7, 7, 7, 7));
  });

  it("takes a source that answers nothing before the end for a bug of ours", async () => {
    const source: ByteSource = { sizeBytes: 100, readAt: async () => new Uint8Array(0) };
    await expect(new MediaReader(source, never).bytes(0, 4)).rejects.toThrow("A read of [0, 100) gave 0 bytes");
  });

  it("keeps a tail that was read ahead", async () => {
    const source = new MemorySource(FILE);
    const reader = new MediaReader(source, never);
    await reader.prefetchTail(never.signal);
    expect(await reader.bytes(FILE.length - 10, 10)).toEqual(FILE.subarray(-10));
    expect(source.reads).toEqual([[5 * BLOCK_LENGTH_BYTES, 100]]);
  });

  it("keeps quiet about a tail that cannot be read ahead", async () => {
    const source: ByteSource = { sizeBytes: 1_000_000, readAt: () => Promise.reject(new Error("no peer")) };
    await expect(new MediaReader(source, never).prefetchTail(never.signal)).resolves.toBeUndefined();
  });
});

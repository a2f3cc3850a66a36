import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StreamCursor } from "../src/stream-cursor.ts";
import { MemoryStream } from "./support/memory-stream.ts";

const KIB = 1024;
const FILE = Uint8Array.from({ length: 600 * KIB }, (_, index) => (index * 31 + (index >> 8)) & 0xff);
const START = 1000;

const streamOf = (pieceBytes?: () => number) => new MemoryStream(FILE, { start: START, end: FILE.length }, pieceBytes);

describe("StreamCursor", () => {
  it("shows the bytes of the file at its offset, however the stream is cut and whatever is passed over", async () => {
    const length = fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 200 * KIB }));
    const step = fc.record({ skipBytes: length, fillBytes: length });
    const pieces = fc.infiniteStream(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 200 * KIB })));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), pieces, async (steps, pieceBytes) => {
        const cursor = new StreamCursor(streamOf(() => pieceBytes.next().value ?? 1));
        let offsetBytes = START;
        for (const { skipBytes, fillBytes } of steps) {
          const isWhole = await cursor.fill(fillBytes);
          expect(cursor.offsetBytes).toBe(offsetBytes);
          expect(isWhole).toBe(offsetBytes + fillBytes <= FILE.length);
          expect(cursor.heldBytes).toBeGreaterThanOrEqual(Math.min(fillBytes, FILE.length - offsetBytes));
          const window = cursor.bytes.subarray(cursor.position);
          expect(Buffer.compare(window, FILE.subarray(offsetBytes, offsetBytes + window.length))).toBe(0);
          const skippedBytes = Math.min(skipBytes, FILE.length - offsetBytes);
          cursor.skip(skippedBytes);
          offsetBytes += skippedBytes;
        }
      }),
      { numRuns: 200 },
    );
  });

  it("shares the memory of what lies in one chunk, and copies once what spans two", async () => {
    const cursor = new StreamCursor(streamOf(() => 10 * KIB));
    await cursor.fill(4);
    expect(cursor.bytes.buffer).toBe(FILE.buffer);
    cursor.skip(8 * KIB);
    await cursor.fill(4 * KIB);
    expect(cursor.bytes.length).toBe(4 * KIB);
    expect(cursor.bytes.buffer.byteLength).toBe(4 * KIB);
    cursor.skip(4 * KIB);
    expect(cursor.bytes.buffer).toBe(FILE.buffer);
  });

  it("reads little where most is passed over, and much again where nothing is", async () => {
    const stream = streamOf();
    const cursor = new StreamCursor(stream);
    cursor.skip(100 * KIB);
    await cursor.fill(1);
    expect(stream.readBytes).toBe(4 * KIB);
    const chunks: number[] = [];
    for (let chunk = 0; chunk < 6; chunk += 1) {
      cursor.skip(cursor.heldBytes);
      await cursor.fill(1);
      chunks.push(cursor.heldBytes / KIB);
    }
    expect(chunks).toEqual([8, 16, 32, 64, 128, 128]);
  });

  it("takes more of what is ready the more it has read in one go, from little to a whole chunk, and little after a gap", async () => {
    const file = new Uint8Array(20 * 1024 * KIB);
    const cursor = new StreamCursor(new MemoryStream(file, { start: 0, end: file.length }));
    const readChunk = async (): Promise<number> => {
      cursor.skip(cursor.heldBytes);
      await cursor.fill(1);
      return cursor.heldBytes / KIB;
    };
    const chunks: number[] = [];
    while (cursor.offsetBytes < 10 * 1024 * KIB) chunks.push(await readChunk());
    expect(chunks.slice(0, 8)).toEqual(Array.from({ length: 8 }, () => 128));
    expect(chunks).toEqual(chunks.toSorted((left, right) => left - right));
    expect(chunks.at(-1)).toBe(1024);
    cursor.skip(cursor.heldBytes + 1);
    expect([await readChunk(), await readChunk()]).toEqual([4, 8]);
  });

  it("asks for no more of what is not ready, whatever it has read", async () => {
    const asked: number[] = [];
    const cursor = new StreamCursor({
      offsetBytes: 0,
      next: async (lengthBytes) => {
        asked.push(lengthBytes / KIB);
        return new Uint8Array(lengthBytes);
      },
      skip: () => undefined,
    });
    for (let chunk = 0; chunk < 100; chunk += 1) {
      cursor.skip(cursor.heldBytes);
      await cursor.fill(1);
    }
    expect(new Set(asked)).toEqual(new Set([128]));
  });
});

import { POOLED_CHUNK_MAX_BYTES } from "@riptide/core";
import type { ByteStream } from "@riptide/media";
import { describe, expect, test } from "vitest";
import { LentReads } from "../src/lent-reads.ts";
import { SpoilingPool } from "./support/spoiling-pool.ts";

/** A stream of long reads in lent memory, three of them. */
function lentStream(chunks: SpoilingPool): ByteStream & { readonly skipped: number[] } {
  const skipped: number[] = [];
  let left = 3;
  return {
    skipped,
    get offsetBytes() {
      return 3 - left;
    },
    next: async (lengthBytes, readyLimitBytes = lengthBytes) => {
      left -= 1;
      return left < 0 ? undefined : chunks.lend(readyLimitBytes);
    },
    skip: (lengthBytes) => skipped.push(lengthBytes),
  };
}

const LONG = POOLED_CHUNK_MAX_BYTES;

function watched() {
  const chunks = new SpoilingPool();
  const reads = new LentReads(chunks);
  const stream = reads.watch(lentStream(chunks));
  const next = async (): Promise<Uint8Array> => (await stream.next(1000, LONG))!;
  return { chunks, reads, stream, next };
}

describe("The memory of reads", () => {
  test("goes back when the next read is asked for, if nobody holds a packet in it", async () => {
    const { chunks, next } = watched();
    const first = await next();
    expect(chunks.missingCount).toBe(1);
    const second = await next();
    expect([chunks.missingCount, second.buffer]).toEqual([1, first.buffer]);
  });

  test("goes back when the last packet in it is released, and not before the stream goes on", async () => {
    const { chunks, reads, next } = watched();
    const first = await next();
    const packets = [first.subarray(0, 10), first.subarray(20, 30)];
    for (const packet of packets) reads.hold(packet);
    reads.release(packets.slice(0, 1));
    const second = await next();
    expect(second.buffer).not.toBe(first.buffer);
    expect(chunks.missingCount).toBe(2);
    reads.release(packets.slice(1));
    expect(chunks.missingCount).toBe(1);
    reads.hold(second);
    reads.release([second]);
    expect(chunks.missingCount).toBe(1);
    await next();
    expect([chunks.missingCount, chunks.buffers.size]).toEqual([1, 2]);
  });

  test("goes back at the end, and by being disposed", async () => {
    const { chunks, reads, stream, next } = watched();
    for (let read = 0; read < 3; read += 1) await next();
    expect(await stream.next(1)).toBeUndefined();
    expect(chunks.missingCount).toBe(0);
    const other = watched();
    const packet = (await other.next()).subarray(5);
    other.reads.hold(packet);
    other.reads[Symbol.dispose]();
    expect(other.chunks.missingCount).toBe(1);
    other.reads.release([packet]);
    expect(other.chunks.missingCount).toBe(0);
    reads[Symbol.dispose]();
  });

  test("is not that of packets with memory of their own", async () => {
    const { chunks, reads, next } = watched();
    const own = new Uint8Array(10);
    reads.hold(own);
    reads.hold(await next());
    reads.release([own, own]);
    await next();
    expect(chunks.missingCount).toBe(2);
  });

  test("is collected where nobody lends", async () => {
    const chunks = new SpoilingPool();
    const reads = new LentReads(undefined);
    const stream = reads.watch(lentStream(chunks));
    expect((await stream.next(10, LONG))?.length).toBe(LONG);
    expect(reads.latestBytes).toBe(LONG);
    await stream.next(10, LONG);
    expect(chunks.missingCount).toBe(2);
    reads[Symbol.dispose]();
    expect(reads.latestBytes).toBe(0);
  });

  test("leaves the stream what it is", () => {
    const inner = lentStream(new SpoilingPool());
    const stream = new LentReads(undefined).watch(inner);
    stream.skip(7);
    expect([stream.offsetBytes, inner.skipped]).toEqual([0, [7]]);
  });
});

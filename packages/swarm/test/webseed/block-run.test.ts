import { createRandom } from "@riptide/sim";
import { array, assert, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import type { BlockRequest } from "../../src/types.ts";
import { BlockRun, takeRun } from "../../src/webseed/block-run.ts";

const KIB = 1024;
/** Pieces of three blocks, the last one of two and a bit. */
const GEOMETRY = { pieceCount: 4, pieceLengthBytes: 48 * KIB, sizeBytes: 3 * 48 * KIB + 33 * KIB };
const BYTES = createRandom(7).bytes(GEOMETRY.sizeBytes);

function block(index: number): BlockRequest {
  const offset = (index % 3) * 16 * KIB;
  const piece = Math.floor(index / 3);
  return { piece, offset, length: Math.min(16 * KIB, GEOMETRY.sizeBytes - piece * 48 * KIB - offset) };
}

const blocks = (first: number, end: number): BlockRequest[] =>
  Array.from({ length: end - first }, (_, index) => block(first + index));

describe("takeRun", () => {
  it("takes what lies end to end, over the borders of pieces, and leaves the rest", () => {
    const queue = [...blocks(2, 6), ...blocks(7, 9)];
    expect(takeRun(queue, GEOMETRY, 100)).toEqual(blocks(2, 6));
    expect(queue).toEqual(blocks(7, 9));
    expect(takeRun(queue, GEOMETRY, 1)).toEqual(blocks(7, 8));
  });

  it("takes one at a time where they run backwards", () => {
    const queue = [block(3), block(2)];
    expect(takeRun(queue, GEOMETRY, 100)).toEqual([block(3)]);
    expect(takeRun(queue, GEOMETRY, 100)).toEqual([block(2)]);
  });
});

describe("BlockRun", () => {
  it("hands over each block whole and right, however its bytes are cut", () => {
    assert(
      property(array(integer({ min: 1, max: 40 * KIB }), { maxLength: 30 }), (cuts) => {
        const run = new BlockRun(blocks(1, 12), GEOMETRY);
        const found: string[] = [];
        const deliver = ({ piece, offset, length }: BlockRequest, bytes: Uint8Array): void => {
          const at = piece * GEOMETRY.pieceLengthBytes + offset;
          const isRight = Buffer.compare(bytes, BYTES.subarray(at, at + length)) === 0;
          found.push(`${piece}:${offset} ${isRight}`);
        };
        let at = run.range.start;
        for (const cut of [...cuts, run.range.end]) {
          // The buffer of a read is used again.
          const read = BYTES.slice(at, Math.min(run.range.end, at + cut));
          run.feed(read, deliver);
          read.fill(0);
          at += read.length;
        }
        expect(found).toEqual(blocks(1, 12).map(({ piece, offset }) => `${piece}:${offset} true`));
        expect([run.leftBytes, run.isWanted]).toEqual([0, false]);
      }),
    );
  });

  it("knows what is still wanted of it", () => {
    const run = new BlockRun(blocks(0, 3), GEOMETRY);
    expect([run.cancel(block(1)), run.cancel(block(1)), run.cancel(block(9))]).toEqual([true, false, false]);
    run.feed(BYTES.subarray(0, 20 * KIB), () => undefined);
    expect([...run.wanted]).toEqual([block(2)]);
    run.cancel(block(2));
    expect([run.isWanted, run.leftBytes]).toEqual([false, 28 * KIB]);
  });

  it("hands over nothing more once it is aborted, and ignores what comes behind its end", () => {
    const run = new BlockRun(blocks(0, 3), GEOMETRY);
    const found: BlockRequest[] = [];
    run.feed(BYTES.subarray(0, 48 * KIB), (delivered) => {
      found.push(delivered);
      run.abort(new Error("enough"));
    });
    expect(found).toEqual(blocks(0, 1));
    const other = new BlockRun(blocks(0, 1), GEOMETRY);
    other.feed(BYTES.subarray(0, 20 * KIB), (delivered) => found.push(delivered));
    expect([found.length, other.leftBytes]).toEqual([2, 0]);
  });
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PartQueue } from "../src/part-queue.ts";

const parts = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 12 });
const steps = fc.array(fc.record({ isSkipped: fc.boolean(), lengthBytes: fc.nat(40) }), { maxLength: 12 });

describe("Parts in a queue", () => {
  test("come out as they went in, in pieces of any length, less what is passed over", () => {
    fc.assert(
      fc.property(parts, steps, (buffers, taken) => {
        const queue = new PartQueue(undefined);
        queue.set(buffers);
        let expected = Buffer.concat(buffers);
        for (const { isSkipped, lengthBytes } of taken) {
          const taking = isSkipped ? queue.skip(lengthBytes) : Buffer.from(queue.take(lengthBytes));
          expect(taking).toEqual(isSkipped ? undefined : expected.subarray(0, lengthBytes));
          expected = expected.subarray(lengthBytes);
          expect(queue.lengthBytes).toBe(expected.length);
        }
      }),
    );
  });
});

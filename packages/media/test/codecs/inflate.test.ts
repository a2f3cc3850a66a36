import { deflateSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inflate } from "../../src/codecs/inflate.ts";
import { bytes, zeros } from "../support/build.ts";

const MIB = 1024 * 1024;

describe("inflate", () => {
  it("gives back what was compressed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async (content) => {
        const result = await inflate(deflateSync(content), content.length);
        expect(Buffer.compare(result ?? zeros(0), content)).toBe(0);
      }),
    );
  });

  it.each([
    { title: "as much as it may", lengthBytes: MIB, given: true },
    { title: "a byte more", lengthBytes: MIB + 1, given: false },
    { title: "forty times more", lengthBytes: 40 * MIB, given: false },
  ])("makes $title: $given", async ({ lengthBytes, given }) => {
    expect((await inflate(deflateSync(zeros(lengthBytes)), MIB)) !== undefined).toBe(given);
  });

  it.each([
    { title: "nothing", compressed: zeros(0) },
    { title: "no zlib stream", compressed: bytes("<html>") },
    { title: "half of one", compressed: deflateSync(zeros(1000)).subarray(0, 8) },
  ])("takes $title for damage", async ({ compressed }) => {
    expect(await inflate(compressed, MIB)).toBeUndefined();
  });

  it("survives any damage", async () => {
    const whole = deflateSync(Uint8Array.from({ length: 3000 }, (_, index) => (index * index) & 0xff));
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: whole.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (position, change) => {
          const damaged = whole.map((byte, index) => (index === position ? byte ^ change : byte));
          expect((await inflate(damaged, MIB))?.length ?? 0).toBeLessThanOrEqual(MIB);
        },
      ),
      { numRuns: 300 },
    );
  });
});

import { createRandom } from "@riptide/sim";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe("createRandom", () => {
  it("gives the same numbers again for the same seed, in this version and in later ones", () => {
    expect(firstNumbers(1)).toEqual(firstNumbers(1));
    expect(firstNumbers(1)).not.toEqual(firstNumbers(2));
    expect(firstNumbers(123)).toMatchInlineSnapshot(`
      [
        753,
        892,
        205,
        760,
      ]
    `);
    expect([...createRandom(123).bytes(8)]).toMatchInlineSnapshot(`
      [
        105,
        26,
        197,
        192,
        157,
        48,
        238,
        227,
      ]
    `);
  });

  it("spreads its numbers evenly", () => {
    const random = createRandom(7);
    const counts = Array.from({ length: 10 }, () => 0);
    for (let draw = 0; draw < 100_000; draw += 1) counts[random.int(0, 10)]! += 1;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  it("draws whole numbers inside their bounds, whatever the bounds", () => {
    fc.assert(
      fc.property(seeds, fc.maxSafeInteger(), fc.maxSafeInteger(), (seed, left, right) => {
        fc.pre(left !== right && Math.abs(left - right) <= Number.MAX_SAFE_INTEGER);
        const [start, end] = [Math.min(left, right), Math.max(left, right)];
        const drawn = createRandom(seed).int(start, end);
        expect(Number.isSafeInteger(drawn)).toBe(true);
        expect(drawn).toBeGreaterThanOrEqual(start);
        expect(drawn).toBeLessThan(end);
      }),
    );
  });

  it.each([
    [0, 0],
    [1, 0],
    [0.5, 2],
    [0, Number.POSITIVE_INFINITY],
  ])("throws RangeError for a whole number of [%d, %d)", (start, end) => {
    expect(() => createRandom(1).int(start, end)).toThrow(RangeError);
  });

  it("shuffles into every order, and loses nothing", () => {
    const random = createRandom(3);
    const letters = ["a", "b", "c"];
    const orders = new Set(Array.from({ length: 200 }, () => random.shuffle(letters).join("")));
    expect([...orders].sort()).toEqual(["abc", "acb", "bac", "bca", "cab", "cba"]);
    expect(letters).toEqual(["a", "b", "c"]);
    expect(random.shuffle([])).toEqual([]);
  });

  it("picks every value, and cannot pick from none", () => {
    const random = createRandom(4);
    expect(new Set(Array.from({ length: 100 }, () => random.pick(["a", "b", "c"])))).toEqual(new Set(["a", "b", "c"]));
    expect(() => random.pick([])).toThrow(RangeError);
  });

  it.each([0, 1, 3, 4, 1001])("gives %d bytes when asked for as many", (length) => {
    const bytes = createRandom(5).bytes(length);
    expect(bytes.length).toBe(length);
    expect(new Set(bytes).size).toBeGreaterThanOrEqual(Math.min(length, 200));
  });
});

function firstNumbers(seed: number): number[] {
  const random = createRandom(seed);
  return [0, 0, 0, 0].map(() => random.int(0, 1000));
}

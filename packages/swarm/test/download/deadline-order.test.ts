import { describe, expect, it } from "vitest";
import { DeadlineOrder } from "../../src/download/deadline-order.ts";

const nothing = () => false;
const plan = (...pieces: number[]) => pieces.map((piece) => [piece, piece] as const);

describe("the order of deadlines", () => {
  it("is earliest first, the lower piece first among equals", () => {
    const order = new DeadlineOrder();
    const deadlines = [
      [4, 300],
      [7, 100],
      [2, 100],
    ] as const;
    order.setReader(0, deadlines, nothing);
    expect(order.pieces).toEqual([2, 7, 4]);
  });

  it("merges readers: the earliest deadline for a piece counts, and goes with its reader", () => {
    const order = new DeadlineOrder();
    order.setReader(
      0,
      [
        [1, 500],
        [2, 600],
      ],
      nothing,
    );
    order.setReader(1, [[2, 100]], nothing);
    expect([order.pieces, order.dueMs(2)]).toEqual([[2, 1], 100]);
    order.setReader(1, null, nothing);
    expect([order.pieces, order.dueMs(2)]).toEqual([[1, 2], 600]);
    order.setReader(0, [], nothing);
    expect([order.pieces, order.isWanted(1)]).toEqual([[], false]);
  });

  it("leaves out verified pieces", () => {
    const order = new DeadlineOrder();
    order.setReader(
      0,
      [
        [1, 1],
        [2, 2],
      ],
      (piece) => piece === 1,
    );
    expect(order.pieces).toEqual([2]);
  });

  it("remembers up to where nothing is free, until something becomes free", () => {
    const order = new DeadlineOrder();
    order.setReader(
      0,
      [
        [0, 0],
        [1, 1],
        [2, 2],
      ],
      nothing,
    );
    const exhausted = new Set([0, 1]);
    expect(order.firstOpen((piece) => exhausted.has(piece))).toBe(2);
    exhausted.clear();
    expect(order.firstOpen((piece) => exhausted.has(piece))).toBe(2);
    const { version } = order;
    order.rewind();
    expect(order.version).not.toBe(version);
    expect(order.firstOpen((piece) => exhausted.has(piece))).toBe(0);
    order.remove(0);
    expect(order.firstOpen(nothing)).toBe(1);
    expect(order.firstOpen(() => true)).toBe(3);
  });

  it("tells which pieces nobody wants any more", () => {
    const order = new DeadlineOrder();
    expect(order.setReader(0, plan(1, 2, 3), nothing)).toEqual([]);
    expect(order.setReader(1, plan(3, 4), nothing)).toEqual([]);
    order.remove(1);
    expect(order.setReader(0, plan(4), nothing)).toEqual([2]);
    expect(order.setReader(1, null, nothing)).toEqual([3]);
    expect([order.isEmpty, order.setReader(0, null, nothing), order.isEmpty]).toEqual([false, [4], true]);
  });

  it("is the same however far it was looked at, and has each piece once", () => {
    const plans = [0, 1, 2].map((reader) =>
      Array.from({ length: 40 }, (_, index) => [(index * (7 + reader)) % 50, (index * 13 + reader * 5) % 30] as const),
    );
    const earliest = new Map<number, number>();
    for (const [piece, dueMs] of plans.flat()) earliest.set(piece, Math.min(dueMs, earliest.get(piece) ?? dueMs));
    const expected = [...earliest].sort(([a, aDue], [b, bDue]) => aDue - bDue || a - b).map(([piece]) => piece);
    const order = new DeadlineOrder();
    for (const [reader, deadlines] of plans.entries()) order.setReader(reader, deadlines, nothing);
    expect([order.at(3), order.at(0)]).toEqual([expected[3], expected[0]]);
    expect([...order.earliestFirst()].slice(0, 9)).toEqual(expected.slice(0, 9));
    expect([order.pieces, order.at(expected.length)]).toEqual([expected, undefined]);
  });
});

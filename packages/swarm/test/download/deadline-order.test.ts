import { describe, expect, it } from "vitest";
import { DeadlineOrder } from "../../src/download/deadline-order.ts";

const nothing = () => false;

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
});

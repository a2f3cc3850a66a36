import { distinctPieces, torrentShape, trueBytes } from "@riptide/sim";
import { expect, it } from "vitest";

it("a torrent's content depends on the piece, and is as long as that", () => {
  const shape = torrentShape(100_001, 40_000);
  const pieces = [0, 1, 2].map((piece) => trueBytes(shape, piece));
  expect(pieces.map(({ length }) => length)).toEqual([40_000, 40_000, 20_001]);
  expect(Buffer.compare(trueBytes(shape, 1), pieces[1]!)).toBe(0);
  const [first, second] = pieces;
  const differing = [...first!.keys()].filter((index) => first![index] !== second![index]);
  expect(differing.length).toBeGreaterThan(5000);
});

it("pieces far apart may hold the same, so that a large torrent need not be made as a whole", () => {
  const shape = torrentShape(2 ** 30, 2 ** 20);
  const period = distinctPieces(shape);
  expect(period).toBe(32);
  expect(Buffer.compare(trueBytes(shape, 3 + period), trueBytes(shape, 3))).toBe(0);
  expect(distinctPieces(torrentShape(2 ** 30, 2 ** 24))).toBe(7);
});

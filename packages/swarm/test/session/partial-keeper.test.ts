import { describe, expect, it } from "vitest";
import type { PartialPiece } from "../../src/download/index.ts";
import { PartialKeeper } from "../../src/session/partial-keeper.ts";
import { virtualTime } from "./virtual-time.ts";

const PIECE_BYTES = 1024;

/** A torrent whose partial pieces, and how many of their bytes are there, a test sets; the file is a variable. */
function setUp(options: { saved?: readonly number[]; pieceBytes?: number } = {}) {
  const clock = virtualTime();
  const partials = new Map<number, number>();
  const verified = new Set<number>();
  let arrivedBytes = 0;
  let file: readonly PartialPiece[] = (options.saved ?? []).map((piece) => partial(piece, 1));
  const writes: string[] = [];
  let failure: Error | undefined;
  const keeper = new PartialKeeper({
    clock,
    current: () => [...partials.keys()],
    export: (pieces) => pieces.map((piece) => partial(piece, partials.get(piece)!, options.pieceBytes)),
    isVerified: (piece) => verified.has(piece),
    save: async (pieces) => {
      if (failure !== undefined) throw failure;
      file = pieces;
      writes.push(spell(pieces));
    },
    load: async () => [...file],
    downloadedBytes: () => arrivedBytes,
    saved: options.saved ?? [],
  });
  const arrive = (piece: number, fill: number): void => {
    arrivedBytes += 1;
    partials.set(piece, fill);
  };
  /** So many seconds with a review at the end of each. */
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      await clock.advance(1000);
      keeper.review();
      await clock.advance(0);
    }
  };
  const fail = (error: Error | undefined): void => {
    failure = error;
  };
  return { keeper, partials, verified, writes, arrive, pass, fail };
}

function partial(piece: number, fill: number, pieceBytes = PIECE_BYTES): PartialPiece {
  return { piece, blocks: Uint8Array.of(0x80), bytes: new Uint8Array(pieceBytes).fill(fill) };
}

function spell(pieces: readonly PartialPiece[]): string {
  return pieces.map(({ piece, bytes }) => `${piece}:${bytes[0]}`).join(" ");
}

describe("PartialKeeper", () => {
  it("gives way to whole pieces on a full disk, and saves again when that has been tried", async () => {
    const { keeper, writes, arrive, pass } = setUp();
    arrive(1, 1);
    await pass(6);
    arrive(1, 2);
    await pass(3);
    expect(writes).toEqual(["1:1", "1:2"]);
    keeper.giveWay();
    await pass(1);
    expect(writes.slice(2)).toEqual([""]);
    arrive(1, 3);
    await pass(8);
    // It is full still: there is nothing to remove.
    keeper.giveWay();
    await pass(9);
    expect(writes).toHaveLength(3);
    arrive(1, 4);
    await pass(6);
    expect(writes.slice(3)).toEqual(["1:4"]);
  });

  it("saves pieces that take longer than a round, and those only while something comes", async () => {
    const { partials, writes, arrive, pass } = setUp();
    arrive(1, 1);
    await pass(1);
    arrive(1, 2);
    arrive(2, 1);
    await pass(3);
    expect(writes).toEqual(["1:2"]);
    arrive(2, 3);
    partials.delete(1);
    arrive(3, 1);
    await pass(1);
    await pass(20);
    expect(writes).toEqual(["1:2", "2:3 1:2"]);
  });

  it("writes nothing for pieces that come fast", async () => {
    const { partials, writes, arrive, pass } = setUp();
    for (let piece = 0; piece < 30; piece += 1) {
      arrive(piece, 1);
      await pass(1);
      partials.delete(piece);
    }
    expect(writes).toEqual([]);
  });

  it("keeps blocks of pieces that made way in memory, until they are verified", async () => {
    const { keeper, verified, writes, arrive } = setUp({ saved: [7, 8] });
    arrive(1, 5);
    verified.add(8);
    await keeper.close();
    expect(writes).toEqual(["1:5 7:1"]);
    verified.add(7);
    arrive(7, 9);
    await keeper.close();
    expect(writes.at(-1)).toBe("1:5 7:9");
  });

  it("rests longer after it has written much", async () => {
    const { writes, arrive, pass } = setUp({ pieceBytes: 64 * 1024 * 1024 });
    for (let second = 0; second < 22; second += 1) {
      arrive(1, second);
      await pass(1);
    }
    expect(writes).toHaveLength(2);
  });

  it("goes on after the disk refused", async () => {
    const { keeper, writes, arrive, pass, fail } = setUp();
    fail(new Error("full"));
    arrive(1, 1);
    await pass(5);
    expect(writes).toEqual([]);
    await expect(keeper.close()).rejects.toThrow("full");
    fail(undefined);
    arrive(1, 2);
    await pass(5);
    expect(writes).toEqual(["1:2"]);
  });
});

import type { ByteRange, Demand } from "@riptide/core";
import { describe, expect, it } from "vitest";
import { setBit } from "../../src/bits.ts";
import { Deferred } from "../../src/engine/deferred.ts";
import { DiskBudget } from "../../src/engine/disk-budget.ts";
import { KeptPieces } from "../../src/engine/kept-pieces.ts";
import { virtualTime } from "../session/virtual-time.ts";

const MIB = 1024 * 1024;
const MAX_BYTES = 64 * MIB;

/** A torrent of 200 pieces of 1 MiB, of which the first are there. */
function setUp(keptPieces: number) {
  const clock = virtualTime();
  const geometry = { pieceCount: 200, pieceLengthBytes: MIB, sizeBytes: 200 * MIB };
  const bits = new Uint8Array(25);
  for (let piece = 0; piece < keptPieces; piece += 1) setBit(bits, piece);
  const pieces = new KeptPieces(geometry, bits, () => clock.nowMs());
  let told = 0;
  const torrent = {
    infoHash: "a",
    pieces,
    files: [{ offsetBytes: 0, lengthBytes: geometry.sizeBytes }],
    windowCount: 0,
    demandedRanges: [] as ByteRange[],
    evict: (gone: readonly number[]) => pieces.evict(gone),
    tellDemands: () => {
      told += 1;
    },
  };
  const unopened = { ...torrent, infoHash: "b", pieces: undefined };
  const evicted: number[][] = [];
  const disk = { freeBytes: 1000 * MIB, answered: Promise.resolve() };
  const budget = new DiskBudget({
    maxBytes: MAX_BYTES,
    freeBytes: async () => {
      const { freeBytes } = disk;
      await disk.answered;
      return freeBytes;
    },
    clock,
    torrents: () => [unopened, torrent],
    evict: (infoHash, gone) => {
      expect(infoHash).toBe("a");
      evicted.push([...gone]);
    },
  });
  /** What is admitted of a demand for the whole torrent. */
  const admitted = (urgency: Demand["urgency"], start = 7): number => {
    const demand = budget.admit({ range: { start, end: geometry.sizeBytes }, urgency });
    return demand === null ? 0 : demand.range.end - demand.range.start;
  };
  return { clock, torrent, pieces, budget, disk, evicted, admitted, told: () => told };
}

describe("DiskBudget", () => {
  it("lets everything be as long as it fits, with an eighth to spare", async () => {
    const { clock, budget, evicted, told } = setUp(56);
    budget.changed();
    await clock.advance(1000);
    expect([evicted, told()]).toEqual([[], 0]);
  });

  it("makes room before what is demanded comes, and some more, once for all changes of a moment", async () => {
    const { clock, budget, torrent, evicted } = setUp(50);
    torrent.demandedRanges = [{ start: 45 * MIB, end: 60 * MIB }];
    budget.changed();
    budget.changed();
    await clock.advance(1000);
    // 10 MiB are to come, 6 fit beside the 8 to spare; so 4 go, and 8 more.
    expect(evicted).toEqual([[8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]]);
    budget.changed();
    await clock.advance(1000);
    expect(evicted).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it("admits nothing while it is full and waits for room, then everything again", async () => {
    const { clock, budget, torrent, pieces, evicted, admitted, told } = setUp(60);
    torrent.demandedRanges = [{ start: 60 * MIB, end: 70 * MIB }];
    budget.changed();
    await clock.advance(1000);
    expect([admitted("now"), admitted("soon"), told()]).toEqual([0, 0, 2]);
    pieces.evicted(evicted[0]!);
    budget.changed();
    await clock.advance(1000);
    expect([admitted("now"), admitted("soon"), told()]).toEqual([32 * MIB, 32 * MIB, 4]);
  });

  it("admits what is read in this moment where nothing can go", async () => {
    const { clock, budget, torrent, evicted, admitted } = setUp(65);
    torrent.windowCount = 1;
    torrent.demandedRanges = [0, 30, 60].map((start) => ({ start: start * MIB, end: (start + 32) * MIB }));
    budget.changed();
    await clock.advance(1000);
    expect(evicted).toEqual([]);
    expect([admitted("now"), admitted("soon"), admitted("later")]).toEqual([32 * MIB, 0, 0]);
  });

  it("shares half of itself among the windows of the readers, a chunk at least for each", async () => {
    const { clock, budget, torrent, admitted } = setUp(1);
    expect([admitted("soon"), admitted("now", 200 * MIB - 5)]).toEqual([32 * MIB, 5]);
    torrent.windowCount = 4;
    budget.changed();
    expect(admitted("soon")).toBe(32 * MIB);
    await clock.advance(100);
    expect(admitted("soon")).toBe(8 * MIB);
    torrent.windowCount = 1000;
    budget.changed();
    await clock.advance(100);
    expect(admitted("soon")).toBe(MIB);
  });

  it("makes room for what comes on a disk that others fill, leaves them a sixteenth, and lets be what is there", async () => {
    const { clock, budget, torrent, pieces, disk, evicted, admitted } = setUp(40);
    disk.freeBytes = 2 * MIB;
    budget.changed();
    await clock.advance(3000);
    expect(evicted).toEqual([]);
    const roomBytes = (42 - 42 / 16) * MIB;
    expect(admitted("soon")).toBe(roomBytes / 2);
    torrent.demandedRanges = [{ start: 40 * MIB, end: 42 * MIB }];
    budget.changed();
    await clock.advance(100);
    // 2 MiB come, an eighth is to spare, and goes as well.
    expect(evicted.flat()).toHaveLength(Math.ceil((42 * MIB - roomBytes + (2 * roomBytes) / 8) / MIB));
    pieces.evicted(evicted[0]!);
    disk.freeBytes = 1000 * MIB;
    await clock.advance(2000);
    budget.changed();
    await clock.advance(100);
    expect(admitted("soon")).toBe(32 * MIB);
    expect([evicted.length, clock.pendingTimers]).toEqual([1, 0]);
  });

  it("uses no answer of the disk from before something was given back", async () => {
    const { clock, torrent, pieces, budget, disk, evicted, admitted } = setUp(40);
    const answer = new Deferred<void>();
    disk.answered = answer.wait();
    disk.freeBytes = 30 * MIB;
    budget.changed();
    await clock.advance(100);
    torrent.demandedRanges = [{ start: 40 * MIB, end: 64 * MIB }];
    budget.changed();
    await clock.advance(100);
    expect(evicted[0]).toHaveLength(16);
    pieces.evicted(evicted[0]!);
    disk.freeBytes += 16 * MIB;
    answer.resolve();
    await clock.advance(0);
    expect(admitted("soon")).toBe(32 * MIB);
    budget.changed();
    await clock.advance(100);
    expect(admitted("soon")).toBe(32 * MIB);
  });

  it("looks again while too much is held: nobody says that what was read on the disk is held no longer", async () => {
    const { clock, torrent, pieces, budget, evicted, admitted } = setUp(65);
    torrent.demandedRanges = [0, 32, 64].map((start) => ({ start: start * MIB, end: (start + 32) * MIB }));
    budget.changed();
    await clock.advance(100);
    expect([evicted, admitted("soon")]).toEqual([[], 0]);
    torrent.demandedRanges = [];
    await clock.advance(1000);
    // 9 MiB are too much with an eighth to spare, which goes as well.
    expect(evicted.map(({ length }) => length)).toEqual([17]);
    pieces.evicted(evicted[0]!);
    await clock.advance(1000);
    expect([evicted.length, admitted("soon"), clock.pendingTimers]).toEqual([1, 32 * MIB, 0]);
  });

  it("does nothing any more once it is disposed", async () => {
    const { clock, budget, evicted } = setUp(100);
    budget.changed();
    budget[Symbol.dispose]();
    budget.changed();
    await clock.advance(1000);
    expect([evicted, clock.pendingTimers]).toEqual([[], 0]);
  });
});

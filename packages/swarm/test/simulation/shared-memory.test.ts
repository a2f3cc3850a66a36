import { createVirtualClock, torrentShape } from "@riptide/sim";
import { describe, expect, it } from "vitest";
import { MIN_PIECE_BUFFERS } from "../../src/download/buffer-pool.ts";
import { PieceMemory, TOTAL_PIECE_MEMORY_BYTES } from "../../src/download/piece-memory.ts";
import { SimulatedSwarm } from "./simulated-swarm.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const TORRENTS = 12;
const PEERS = 20;

describe("torrents that are downloaded at the same time", () => {
  it("share memory, and all go on", () => {
    const pieceLengthBytes = 64 * KIB;
    const few = TORRENTS * MIN_PIECE_BUFFERS * pieceLengthBytes;
    const alone = downloadAll({ pieceLengthBytes, sizeBytes: 4 * MIB, memory: new PieceMemory() });
    expect([alone.isComplete, alone.mostBytes > 2 * few]).toEqual([true, true]);
    const limitBytes = few / 2;
    const shared = downloadAll({ pieceLengthBytes, sizeBytes: 4 * MIB, memory: new PieceMemory(limitBytes) });
    expect([shared.isComplete, shared.mostBytes <= limitBytes + few]).toEqual([true, true]);
  });

  it("have given back all but what one of them keeps when they are done, and that when they are removed", () => {
    const memory = new PieceMemory();
    const { mostBytes, swarms } = downloadAll({ pieceLengthBytes: MIB, sizeBytes: 6 * MIB, memory });
    expect(mostBytes).toBeGreaterThan(16 * MIB);
    expect(memory.bufferBytes).toBeLessThanOrEqual(16 * MIB);
    for (const { downloader } of swarms) downloader[Symbol.dispose]();
    expect([memory.bufferBytes, memory.hasRoomFor(TOTAL_PIECE_MEMORY_BYTES)]).toEqual([0, true]);
  });
});

/** Torrents of thin peers, who have many pieces under way at once, in one world. */
function downloadAll({
  pieceLengthBytes,
  sizeBytes,
  memory,
}: {
  pieceLengthBytes: number;
  sizeBytes: number;
  memory: PieceMemory;
}) {
  const clock = createVirtualClock({ drain: () => Promise.resolve() });
  const peers = Array.from({ length: PEERS }, () => ({ bytesPerSecond: 40_000, latencyMs: 20 }));
  const geometry = torrentShape(sizeBytes, pieceLengthBytes);
  const swarms = Array.from(
    { length: TORRENTS },
    (_, seed) => new SimulatedSwarm({ geometry, peers, memory, clock, seed }),
  );
  for (const swarm of swarms) swarm.read(0, 0);
  let mostBytes = 0;
  const isComplete = clock.stepUntil(() => {
    mostBytes = Math.max(mostBytes, memory.bufferBytes);
    return swarms.every(({ stored }) => stored.size === geometry.pieceCount);
  }, 30_000);
  return { mostBytes, isComplete, swarms };
}

import { torrentShape } from "@riptide/sim";
import { beforeAll, describe, expect, it, type MockInstance, vi } from "vitest";
import { ActivePieces } from "../../src/download/active-pieces.ts";
import { Availability } from "../../src/download/availability.ts";
import { DeadlineOrder } from "../../src/download/deadline-order.ts";
import { PeerQueue } from "../../src/download/peer-queue.ts";
import { PieceAssembly } from "../../src/download/piece-assembly.ts";
import { BLOCK_LENGTH_BYTES } from "../../src/types.ts";
import { SimulatedSwarm } from "./simulated-swarm.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** Until all peers have their pace, and then what is counted. */
const WARM_UP_MS = 5000;
const COUNTED_MS = 5000;

/** Everything that the scheduler asks of its peers, pieces, blocks and deadlines goes through these. */
const CLASSES = [PeerQueue, PieceAssembly, ActivePieces, DeadlineOrder, Availability];

const ordinary = { peers: 10, bytesPerSecond: 4_000_000, sizeBytes: 256 * MIB, windowBytes: 8 * MIB };
/** The window holds half a second of what comes: some of it is always due now. */
const urgent = { ...ordinary, windowBytes: 2 * MIB };

/** Calls are counted, no time is measured: each of these runs is the same everywhere. */
describe.each([
  { when: "while a reader has a window in front of it", load: ordinary, ofFourTimesThePeers: 2.1 },
  { when: "while a reader waits for all that comes", load: urgent, ofFourTimesThePeers: 3 },
])("the work of the scheduler $when", ({ load, ofFourTimesThePeers }) => {
  let work = { blocks: 0, callsPerBlock: 0 };
  beforeAll(() => {
    work = workOf(load);
  });

  it("is the same however long the torrent is", () => {
    expect(workOf({ ...load, sizeBytes: 2048 * MIB })).toEqual(work);
  });

  it("is the same for each block however many come", () => {
    const twice = workOf({ ...load, bytesPerSecond: 2 * load.bytesPerSecond });
    expect(twice.blocks / work.blocks).toBeGreaterThan(1.8);
    expect(twice.callsPerBlock / work.callsPerBlock).toBeLessThanOrEqual(1.1);
  });

  it("rises with the peers as far as a tick looks at each of them, not for each block", () => {
    const many = workOf({ ...load, peers: 4 * load.peers });
    expect(many.blocks / work.blocks).toBeGreaterThan(0.9);
    expect(many.callsPerBlock / work.callsPerBlock).toBeLessThanOrEqual(ofFourTimesThePeers);
  });

  it("hardly rises with the window: that is walked when a piece is there or a reader moves, not for each block", () => {
    const wide = workOf({ ...load, windowBytes: 8 * load.windowBytes });
    expect(wide.callsPerBlock / work.callsPerBlock).toBeLessThanOrEqual(1.5);
  });
});

/** How many blocks came, and how much was called for each of them. */
function workOf(load: typeof ordinary): { blocks: number; callsPerBlock: number } {
  const peer = { bytesPerSecond: load.bytesPerSecond / load.peers, latencyMs: 20 };
  const swarm = new SimulatedSwarm({
    geometry: torrentShape(load.sizeBytes, 256 * KIB),
    peers: Array.from({ length: load.peers }, () => peer),
    windowBytes: load.windowBytes,
  });
  swarm.read(0, 0);
  swarm.run(WARM_UP_MS);
  const spies = CLASSES.flatMap(spyOnMethods);
  const bytesBefore = swarm.downloader.stats.downloadedBytes;
  swarm.run(COUNTED_MS);
  const blocks = (swarm.downloader.stats.downloadedBytes - bytesBefore) / BLOCK_LENGTH_BYTES;
  const calls = spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
  for (const spy of spies) spy.mockRestore();
  return { blocks, callsPerBlock: calls / blocks };
}

function spyOnMethods({ prototype }: (typeof CLASSES)[number]): MockInstance[] {
  return Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([name, { value }]) => name !== "constructor" && typeof value === "function")
    .map(([name]) => vi.spyOn(prototype as unknown as Record<string, () => unknown>, name));
}

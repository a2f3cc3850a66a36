import { type SimulatedPeerOptions, torrentShape } from "@riptide/sim";
import { describe, expect, it } from "vitest";
import { MAX_UNREQUESTED_BYTES } from "../../src/download/index.ts";
import { SimulatedSwarm } from "../simulation/simulated-swarm.ts";

const BLOCK = 16 * 1024;
const MIB = 1024 * 1024;

const block = (index: number) => ({ piece: index % 4, offset: 0, length: BLOCK });

describe("a peer that sends blocks that nobody asked for", () => {
  it("is flooding us beyond a bound, be they of the torrent or of none", () => {
    for (const blockOf of [block, (index: number) => ({ ...block(index), piece: 999 })]) {
      const swarm = new SimulatedSwarm({
        geometry: torrentShape(4 * MIB, MIB),
        peers: [{ bytesPerSecond: 1_000_000 }],
      });
      swarm.run(10);
      let sent = 0;
      for (; !swarm.downloader.isFlooding(0) && sent < 1000; sent += 1) {
        expect(swarm.downloader.blockTarget(0, blockOf(sent))).toBeNull();
        swarm.downloader.blockArrived(0, blockOf(sent), false, swarm.nowMs);
      }
      expect(sent * BLOCK).toBeGreaterThan(MAX_UNREQUESTED_BYTES);
      expect(sent * BLOCK).toBeLessThanOrEqual(1.1 * MAX_UNREQUESTED_BYTES);
    }
  });

  it("may send more by mistake the more it sends on request", () => {
    const seeds = [{ bytesPerSecond: 50_000_000 }];
    const swarm = new SimulatedSwarm({ geometry: torrentShape(64 * MIB, MIB), peers: seeds });
    swarm.read(0, 0);
    expect(swarm.untilComplete(5000)).toBe(true);
    for (let sent = 0; sent < 4 * 64; sent += 1) swarm.downloader.blockArrived(0, block(sent), false, swarm.nowMs);
    expect(swarm.downloader.isFlooding(0)).toBe(false);
    for (let sent = 0; sent < 2 * 64; sent += 1) swarm.downloader.blockArrived(0, block(sent), false, swarm.nowMs);
    expect(swarm.downloader.isFlooding(0)).toBe(true);
  });

  it("is nobody whose blocks crossed a cancel or a choke, however often", () => {
    // Sends everything it was ever asked for: it reads no cancel, and chokes with a full pipe.
    const deaf: SimulatedPeerOptions = {
      bytesPerSecond: 400_000,
      latencyMs: 300,
      neverRejects: true,
      chokes: Array.from({ length: 40 }, (_, round) => ({
        fromMs: 1000 + round * 1000,
        toMs: 1400 + round * 1000,
        stillSends: 1000,
      })),
    };
    const swarm = new SimulatedSwarm({
      geometry: torrentShape(256 * MIB, MIB),
      peers: [deaf, { ...deaf, chokes: [] }],
    });
    swarm.run(1300);
    for (const { peer } of swarm.connections.values()) peer.cancel = () => undefined;
    for (let seek = 0; seek < 200; seek += 1) {
      swarm.read(0, ((seek * 57) % 200) * MIB);
      swarm.run(200);
    }
    expect(swarm.downloader.stats.cancels).toBeGreaterThan(1000);
    expect(swarm.downloader.stats.wastedBytes).toBeGreaterThan(2 * MAX_UNREQUESTED_BYTES);
    for (const peer of swarm.connections.keys()) expect(swarm.downloader.isFlooding(peer)).toBe(false);
  });
});

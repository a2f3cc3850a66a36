import { createVirtualClock, torrentShape } from "@riptide/sim";
import { describe, expect, it } from "vitest";
import { DownloadLimiter } from "../../src/download/index.ts";
import { SimulatedSwarm } from "../simulation/simulated-swarm.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const PIECE = 64 * KIB;
const virtualClock = () => createVirtualClock({ drain: () => Promise.resolve() });

describe("DownloadLimiter", () => {
  it("lets a quarter of a second through at once, and the rate from then on", () => {
    const allowance = new DownloadLimiter(100_000).allowance();
    let bytes = 0;
    const takeAll = (nowMs: number): number => {
      for (; allowance.mayAsk(0, nowMs); bytes += 1_000) allowance.charge(1_000);
      return bytes;
    };
    expect(takeAll(5_000)).toBe(25_000);
    for (let nowMs = 5_000; nowMs <= 15_000; nowMs += 50) takeAll(nowMs);
    expect(bytes).toBeGreaterThan(1_020_000);
    expect(bytes).toBeLessThan(1_030_000);
    // A pause of an hour is worth no more than one of a quarter of a second.
    expect(takeAll(3_600_000) - bytes).toBe(0);
    expect(bytes).toBeLessThan(1_055_000);
  });

  it("gives back what does not come", () => {
    const allowance = new DownloadLimiter(100_000).allowance();
    expect(allowance.mayAsk(0, 0)).toBe(true);
    allowance.charge(30_000);
    expect(allowance.mayAsk(0, 0)).toBe(false);
    allowance.charge(-16_000);
    expect(allowance.mayAsk(0, 0)).toBe(true);
  });

  it("lets a block that is larger than the whole burst through, and makes up for it", () => {
    const allowance = new DownloadLimiter(10_000).allowance();
    allowance.mayAsk(0, 0);
    allowance.charge(16_384);
    expect(allowance.mayAsk(0, 1_300)).toBe(false);
    expect(allowance.mayAsk(0, 1_400)).toBe(true);
  });

  it("lets the torrent go first whose block is due first, for as long as it comes back", () => {
    const limiter = new DownloadLimiter(100_000);
    const [urgent, other] = [limiter.allowance(), limiter.allowance()];
    urgent.mayAsk(500, 0);
    urgent.charge(25_000);
    expect([urgent.mayAsk(500, 0), other.mayAsk(900, 10)]).toEqual([false, false]);
    // There is something again: not for the one that comes first by chance.
    expect([other.mayAsk(900, 50), urgent.mayAsk(500, 50), other.mayAsk(900, 50)]).toEqual([false, true, true]);
    urgent.charge(25_000);
    expect([urgent.mayAsk(500, 60), other.mayAsk(400, 350), urgent.mayAsk(500, 350)]).toEqual([false, true, true]);
  });

  it("forgets who was refused and does not come back", () => {
    const limiter = new DownloadLimiter(100_000);
    const [urgent, other] = [limiter.allowance(), limiter.allowance()];
    urgent.mayAsk(500, 0);
    urgent.charge(25_000);
    urgent.mayAsk(500, 0);
    expect([other.mayAsk(900, 100), other.mayAsk(900, 101)]).toEqual([false, true]);
  });

  it.each([0, -1, Number.NaN])("refuses a rate of %s", (rate) => {
    expect(() => new DownloadLimiter(rate)).toThrow(RangeError);
  });
});

describe("a limited stream", () => {
  const RATE = 500_000;
  const seeds = [{ bytesPerSecond: 5_000_000 }, { bytesPerSecond: 2_000_000 }, { bytesPerSecond: 300_000 }];

  function limited(limiter: DownloadLimiter, sizeBytes = 32 * MIB, clock = virtualClock()): SimulatedSwarm {
    return new SimulatedSwarm({
      geometry: torrentShape(sizeBytes, PIECE),
      peers: seeds,
      allowance: limiter.allowance(),
      clock,
    });
  }

  it("starts at once, keeps its order, and takes no more than its share of the line", () => {
    const swarm = limited(new DownloadLimiter(RATE));
    swarm.read(1, 0);
    expect(swarm.untilStored(0)).toBeLessThan(300);
    const [fromBytes, fromMs] = [swarm.downloader.stats.downloadedBytes, swarm.nowMs];
    swarm.run(10_000);
    const rate = ((swarm.downloader.stats.downloadedBytes - fromBytes) * 1000) / (swarm.nowMs - fromMs);
    expect(rate).toBeGreaterThan(RATE * 0.9);
    expect(rate).toBeLessThan(RATE * 1.1);
    const stored = [...swarm.stored.keys()];
    expect(stored.length).toBeGreaterThan(60);
    for (const [index, piece] of stored.entries()) expect(Math.abs(piece - index)).toBeLessThanOrEqual(3);
  });

  it("seeks at the price of the piece alone", () => {
    const swarm = limited(new DownloadLimiter(RATE));
    swarm.read(1, 0);
    swarm.run(3_000);
    swarm.stopReading(1);
    swarm.read(2, 20 * MIB);
    // 64 KiB at 500 KB/s take 131 ms, and the line is empty before.
    expect(swarm.untilStored((20 * MIB) / PIECE)).toBeLessThan(450);
  });

  it("is not slowed down by a torrent that nobody waits for", () => {
    const limiter = new DownloadLimiter(RATE);
    const clock = virtualClock();
    const [watched, idle] = [limited(limiter, 32 * MIB, clock), limited(limiter, 32 * MIB, clock)];
    idle.wantAll();
    idle.run(2_000);
    watched.read(1, 0);
    const [watchedBefore, idleBefore] = [watched.sentBytes, idle.sentBytes];
    watched.run(10_000);
    expect(watched.sentBytes - watchedBefore).toBeGreaterThan(RATE * 10 * 0.85);
    expect(idle.sentBytes - idleBefore).toBeLessThan(RATE * 10 * 0.1);
    watched.stopReading(1);
    const idleAfter = idle.sentBytes;
    idle.run(5_000);
    expect(idle.sentBytes - idleAfter).toBeGreaterThan(RATE * 5 * 0.85);
  });

  it("shares evenly with another that is due at the same time", () => {
    const limiter = new DownloadLimiter(RATE);
    const clock = virtualClock();
    const swarms = [limited(limiter, 32 * MIB, clock), limited(limiter, 32 * MIB, clock)];
    for (const swarm of swarms) swarm.read(1, 0);
    swarms[0]!.run(20_000);
    for (const swarm of swarms) {
      expect(swarm.sentBytes).toBeGreaterThan(RATE * 20 * 0.35);
      expect(swarm.sentBytes).toBeLessThan(RATE * 20 * 0.65);
    }
  });
});

import { type SimulatedPeerOptions, torrentShape } from "@riptide/sim";
import { describe, expect, it } from "vitest";
import { SimulatedSwarm } from "./simulated-swarm.ts";

const MIB = 1024 * 1024;
const PIECES = 256;
const SEEK_AT_MS = 5000;
const SEEK_PIECE = Math.floor(PIECES * 0.6);
/** One piece of 1 MiB at 1 MB/s. */
const PIECE_MS = MIB / 1000;

/** The bar: near the physical limit in time and in bytes. */
const timeBarMs = (idealMs: number) => 1.35 * idealMs + 100;
const BYTES_BAR = 1.35 * MIB;

interface Row {
  readonly title: string;
  readonly peers: readonly SimulatedPeerOptions[];
  /** What the network alone takes until the first piece is there: handshakes, a round trip, the bytes. */
  readonly idealStartMs?: number;
  readonly idealSeekMs?: number;
}

const fast: SimulatedPeerOptions = { bytesPerSecond: 1_000_000 };
const thin: SimulatedPeerOptions = { bytesPerSecond: 60_000 };
const times = (count: number, seed: SimulatedPeerOptions) => Array.from({ length: count }, () => seed);

const rows: readonly Row[] = [
  { title: "one peer of 1 MB/s", peers: [fast] },
  { title: "1 MB/s and a peer of 60 KB/s", peers: [fast, thin] },
  { title: "1 MB/s and a blackhole that unchokes and never answers", peers: [fast, { ...fast, isBlackhole: true }] },
  { title: "a blackhole that came first, and 1 MB/s", peers: [{ ...fast, isBlackhole: true }, fast] },
  { title: "eight peers of 125 KB/s", peers: times(8, { bytesPerSecond: 125_000 }) },
  {
    title: "1 MB/s and a peer of 1 MB/s that stalls after 1 MB",
    peers: [fast, { ...fast, stallsAfterBytes: 1_000_000 }],
  },
  {
    title: "1 MB/s with a round trip of 100 ms",
    peers: [{ ...fast, latencyMs: 50 }],
    idealStartMs: 400 + PIECE_MS,
    idealSeekMs: 100 + PIECE_MS,
  },
  { title: "800 KB/s and four peers of 60 KB/s", peers: [{ bytesPerSecond: 800_000 }, ...times(4, thin)] },
  { title: "a peer that claims everything and has a tenth, and 1 MB/s", peers: [liar(), fast] },
  { title: "1 MB/s, and 1 MB/s that drops all but 2 requests", peers: [fast, { ...fast, queueLimit: 2 }] },
];

describe("start and seek with pieces of 1 MiB", () => {
  it.each(rows)("are near the physical limit with $title", ({ peers, idealStartMs, idealSeekMs }) => {
    const swarm = new SimulatedSwarm({ geometry: torrentShape(PIECES * MIB, MIB), peers });
    swarm.read(0, 0);
    expect(swarm.untilStored(0)).toBeLessThanOrEqual(timeBarMs(idealStartMs ?? PIECE_MS));
    expect(swarm.sentBytes).toBeLessThanOrEqual(BYTES_BAR);

    swarm.run(SEEK_AT_MS - swarm.nowMs);
    const bytesBefore = swarm.sentBytes;
    // The old reader keeps reading: its next piece is due "now" as well.
    swarm.read(1, SEEK_PIECE * MIB);
    expect(swarm.untilStored(SEEK_PIECE)).toBeLessThanOrEqual(timeBarMs(idealSeekMs ?? PIECE_MS));
    expect(swarm.sentBytes - bytesBefore).toBeLessThanOrEqual(BYTES_BAR);
    expect(swarm.bans).toEqual([]);
  });

  // Over many places memory is short: the oldest partial pieces are dropped, and those bytes are wasted.
  it.each([
    { places: 20, maxWaste: 0.02 },
    { places: 100, maxWaste: 0.45 },
  ])("leave no request behind after a storm of 100 seeks to $places places", ({ places, maxWaste }) => {
    const peers = [fast, thin, { ...fast, isBlackhole: true }, ...times(4, { bytesPerSecond: 125_000, latencyMs: 40 })];
    const swarm = new SimulatedSwarm({ geometry: torrentShape(PIECES * MIB, MIB), peers });
    swarm.read(0, 0);
    swarm.run(2000);
    for (let seek = 0; seek < 100; seek++) {
      const place = (seek * 57) % places;
      swarm.read(0, Math.floor((place * PIECES) / places) * MIB);
      swarm.run(100);
    }
    swarm.read(0, 200 * MIB);
    expect(swarm.untilStored(200)).toBeLessThanOrEqual(timeBarMs((MIB / 1_560_000) * 1000 + 80));
    swarm.stopReading(0);
    swarm.run(2000);
    for (const [peer, { owed }] of swarm.connections) {
      expect([peer, swarm.downloader.peerStats(peer).inFlight, owed.size]).toEqual([peer, 0, 0]);
    }
    const { downloadedBytes, wastedBytes } = swarm.downloader.stats;
    expect(wastedBytes).toBeLessThan(maxWaste * downloadedBytes);
  });

  it("serve two readers side by side at the same pace", () => {
    const swarm = new SimulatedSwarm({ geometry: torrentShape(PIECES * MIB, MIB), peers: [fast] });
    swarm.read(0, 0);
    swarm.run(3000);
    swarm.read(1, 100 * MIB);
    expect(swarm.untilStored(100)).toBeLessThanOrEqual(timeBarMs(PIECE_MS));
    const before = swarm.stored.size;
    swarm.run(20_000);
    const firstReader = [...swarm.stored.keys()].filter((piece) => piece < 100).length - 2;
    const secondReader = [...swarm.stored.keys()].filter((piece) => piece >= 100).length;
    expect(swarm.stored.size - before).toBeGreaterThanOrEqual(18);
    expect(Math.min(firstReader, secondReader)).toBeGreaterThanOrEqual(8);
  });

  it("read 8 MiB beside a peer that stalls without a long gap", () => {
    const peers = [fast, { ...fast, stallsAfterBytes: 1_000_000 }];
    const swarm = new SimulatedSwarm({ geometry: torrentShape(8 * MIB, MIB), peers });
    swarm.read(0, 0);
    expect(swarm.untilComplete(8200)).toBe(true);
    expect(swarm.longestGapMs()).toBeLessThan(1700);
  });

  it("fill 30 peers of 333 KB/s without wasting a byte", () => {
    const peers = times(30, { bytesPerSecond: 333_000, latencyMs: 20 });
    const swarm = new SimulatedSwarm({ geometry: torrentShape(60 * MIB, MIB), peers });
    swarm.read(0, 0);
    expect(swarm.untilComplete(1.1 * ((60 * MIB) / 9990) + 200)).toBe(true);
    expect(swarm.downloader.stats.wastedBytes).toBeLessThan(0.02 * 60 * MIB);
  });
});

function liar(): SimulatedPeerOptions {
  return { ...fast, has: (piece) => piece % 10 === 9, liesAbout: (piece) => piece % 10 !== 9 };
}

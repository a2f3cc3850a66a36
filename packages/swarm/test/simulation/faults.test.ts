import { type SimulatedPeerOptions, torrentShape } from "@riptide/sim";
import { describe, expect, it } from "vitest";
import { SimulatedSwarm } from "./simulated-swarm.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

const good: SimulatedPeerOptions = { bytesPerSecond: 1_000_000 };

describe("peers that go", () => {
  it("in the middle of a block leave nothing behind: others send it again", () => {
    const peers = [good, { bytesPerSecond: 20_000, leavesAtMs: 500 }];
    const swarm = new SimulatedSwarm({ geometry: torrentShape(MIB, MIB), peers });
    swarm.read(0, 0);
    swarm.run(499);
    expect(swarm.connections.get(1)?.receiving?.target).not.toBeNull();
    expect(swarm.untilComplete(900)).toBe(true);
  });

  it("and come back go on with what they had begun", () => {
    const peers = [
      { ...good, leavesAtMs: 500 },
      { ...good, joinsAtMs: 800 },
    ];
    const swarm = new SimulatedSwarm({ geometry: torrentShape(MIB, MIB), peers });
    swarm.read(0, 0);
    expect(swarm.untilComplete(1400)).toBe(true);
    expect(swarm.sentBytes).toBe(MIB);
  });

  it.each([
    { title: "were there from the start", joinsAtMs: 0, before: "stays away, comes back" },
    { title: "joined late", joinsAtMs: 1500, before: "stays away, comes back" },
    { title: "were being met just then", joinsAtMs: 1950, before: "" },
    { title: "are named while they are away", joinsAtMs: 2500, before: "" },
  ])("go when they are to, and come back when they are to, if they $title", ({ joinsAtMs, before }) => {
    const goes = { ...good, latencyMs: 25, joinsAtMs, leavesAtMs: 2000 };
    const peers = [
      { ...goes, host: "stays away" },
      { ...goes, host: "comes back", returnsAfterMs: 1000 },
    ];
    const swarm = new SimulatedSwarm({ geometry: torrentShape(MIB, MIB), peers });
    const connectedAfter = (durationMs: number): string => {
      swarm.run(durationMs);
      return [...swarm.connections.values()].map(({ host }) => host).join(", ");
    };
    expect([connectedAfter(1999), connectedAfter(2), connectedAfter(1098)]).toEqual([before, "", ""]);
    expect(connectedAfter(2)).toBe("comes back");
    swarm.heal();
    expect(connectedAfter(101)).toBe("comes back, stays away");
  });

  it("leave wanted pieces that nobody has, and these are named", () => {
    const peers = [good, { ...good, has: (piece: number) => piece === 1 }];
    const swarm = new SimulatedSwarm({ geometry: torrentShape(4 * MIB, MIB), peers });
    swarm.read(0, 0);
    swarm.run(100);
    expect(swarm.downloader.unavailable()).toEqual([]);
    swarm.leave(0);
    expect(swarm.downloader.unavailable()).toEqual([0, 2, 3]);
    expect(swarm.downloader.isInteresting(1)).toBe(true);
    swarm.untilStored(1);
    expect(swarm.downloader.isInteresting(1)).toBe(false);
  });
});

describe("peers that choke", () => {
  it("without a reject get their late blocks accepted, and nothing is fetched twice", () => {
    const peers = [{ ...good, neverRejects: true, chokes: [{ fromMs: 500, toMs: 1500, stillSends: 4 }] }];
    const swarm = new SimulatedSwarm({ geometry: torrentShape(MIB, MIB), peers });
    swarm.read(0, 0);
    swarm.run(499);
    const bytesBefore = swarm.sentBytes;
    swarm.run(500);
    expect(swarm.sentBytes - bytesBefore).toBeGreaterThanOrEqual(4 * 16 * KIB);
    expect(swarm.downloader.peerStats(0).inFlight).toBe(0);
    expect(swarm.untilComplete(1500)).toBe(true);
    expect(swarm.sentBytes).toBe(MIB);
    expect(swarm.downloader.stats.wastedBytes).toBe(0);
  });

  it("with rejects are asked again as soon as they unchoke", () => {
    const peers = [{ ...good, latencyMs: 20, chokes: [{ fromMs: 500, toMs: 600 }] }];
    const swarm = new SimulatedSwarm({ geometry: torrentShape(MIB, MIB), peers });
    swarm.read(0, 0);
    expect(swarm.untilComplete(1700)).toBe(true);
    expect(swarm.sentBytes).toBe(MIB);
  });
});

describe("peers that need more than a second for a block", () => {
  it("are silent between two blocks, and yet are asked for the next one all the time", () => {
    const swarm = new SimulatedSwarm({
      geometry: torrentShape(256 * KIB, 256 * KIB),
      peers: [{ bytesPerSecond: 12_000 }],
    });
    swarm.read(0, 0);
    expect(swarm.untilComplete(1.05 * ((256 * KIB) / 12))).toBe(true);
    expect(swarm.sentBytes).toBe(256 * KIB);
  });
});

describe("peers that lose requests", () => {
  it("get them again", () => {
    const peers = [{ ...good, queueLimit: 5 }];
    const swarm = new SimulatedSwarm({ geometry: torrentShape(2 * MIB, MIB), peers });
    swarm.read(0, 0);
    expect(swarm.untilComplete(60_000)).toBe(true);
    expect(swarm.sentBytes).toBe(2 * MIB);
  });

  it("say how many they keep, and then lose none", () => {
    const swarm = new SimulatedSwarm({ geometry: torrentShape(2 * MIB, MIB), peers: [{ ...good, queueLimit: 5 }] });
    swarm.read(0, 0);
    swarm.at(0, () => swarm.downloader.peerQueueLimit(0, 5));
    expect(swarm.untilComplete(2300)).toBe(true);
  });

  it("and are all there is, are probed again after a silence", () => {
    const peers = [{ ...good, stallsAfterBytes: 200_000 }, { bytesPerSecond: 50_000 }];
    const swarm = new SimulatedSwarm({ geometry: torrentShape(4 * MIB, MIB), peers });
    swarm.read(0, 0);
    swarm.run(5000);
    const requestsBefore = swarm.connections.get(0)?.peer.receivedRequests ?? 0;
    expect(swarm.downloader.peerStats(0).isSilent).toBe(true);
    swarm.run(20_000);
    const probes = (swarm.connections.get(0)?.peer.receivedRequests ?? 0) - requestsBefore;
    expect(probes).toBeGreaterThanOrEqual(1);
    expect(probes).toBeLessThanOrEqual(3);
  });
});

describe("a store that fails", () => {
  it("gets the piece again without a new download", () => {
    const swarm = new SimulatedSwarm({
      geometry: torrentShape(3 * MIB, MIB),
      peers: [good],
      store: (piece, attempt) => (piece === 1 && attempt < 2 ? false : 3),
    });
    swarm.read(0, 0);
    expect(swarm.untilComplete(3600)).toBe(true);
    expect(swarm.sentBytes).toBe(3 * MIB);
  });

  it("lets the download rest: paused, nothing is asked for nor offered, and resumed all goes on", () => {
    const swarm = new SimulatedSwarm({
      geometry: torrentShape(3 * MIB, MIB),
      peers: [good],
      store: (_piece, attempt) => (attempt === 0 ? false : 0),
    });
    swarm.read(0, 0);
    swarm.at(1100, () => swarm.downloader.pause(swarm.nowMs));
    swarm.run(1300);
    const requestsBefore = swarm.requested;
    const bytesBefore = swarm.sentBytes;
    swarm.run(3000);
    expect(swarm.requested).toBe(requestsBefore);
    expect(swarm.sentBytes).toBe(bytesBefore);
    swarm.downloader.resume(swarm.nowMs);
    expect(swarm.untilComplete(2600)).toBe(true);
    expect(swarm.sentBytes).toBe(3 * MIB);
  });

  it("is waited for when it is slow: memory stays within its budget", () => {
    const swarm = new SimulatedSwarm({
      geometry: torrentShape(160 * MIB, 4 * MIB),
      peers: [{ bytesPerSecond: 100_000_000 }],
      store: () => 500,
    });
    swarm.wantAll();
    expect(swarm.untilComplete(10_000)).toBe(true);
    expect(swarm.maxBufferBytes).toBeLessThanOrEqual(64 * MIB);
    expect(swarm.sentBytes).toBe(160 * MIB);
  });
});

describe("a restart", () => {
  it("goes on with loose blocks: nothing is fetched twice", () => {
    const geometry = torrentShape(2 * MIB + 5, MIB);
    const first = new SimulatedSwarm({ geometry, peers: [good] });
    first.read(0, 0);
    first.run(1600);
    const partials = first.downloader.exportPartials();
    expect(partials.map(({ piece }) => piece)).toEqual([1]);
    expect([...first.stored.keys()]).toEqual([0]);
    const bytesBefore = first.sentBytes;

    const second = new SimulatedSwarm({ geometry, peers: [good], have: Uint8Array.of(0b10000000) });
    for (const { piece, blocks, bytes } of partials) second.downloader.importPartial(piece, blocks, bytes, 0);
    second.read(0, 0);
    expect(second.untilComplete(1000)).toBe(true);
    expect(bytesBefore + second.sentBytes).toBe(geometry.sizeBytes);
  });

  it("verifies a piece whose loose blocks are all there at once", () => {
    const geometry = torrentShape(40_000, 40_000);
    const swarm = new SimulatedSwarm({ geometry, peers: [] });
    swarm.downloader.importPartial(0, Uint8Array.of(0b11100000), swarm.content(0), 0);
    swarm.run(1);
    expect([...swarm.stored.keys()]).toEqual([0]);
    expect(swarm.downloader.stats.activePieces).toBe(0);
  });

  it.each([
    { title: "of a piece that does not exist", piece: 9, blocks: 1, bytes: 40_000 },
    { title: "with a bitmap of the wrong length", piece: 0, blocks: 2, bytes: 40_000 },
    { title: "with bytes of the wrong length", piece: 0, blocks: 1, bytes: 39_999 },
    { title: "of a fractional piece", piece: 0.5, blocks: 1, bytes: 40_000 },
  ])("ignores loose blocks $title", ({ piece, blocks, bytes }) => {
    const swarm = new SimulatedSwarm({ geometry: torrentShape(40_000, 40_000), peers: [] });
    swarm.downloader.importPartial(piece, new Uint8Array(blocks).fill(255), new Uint8Array(bytes), 0);
    expect(swarm.downloader.stats.activePieces).toBe(0);
    expect(swarm.failedPieces).toBe(0);
  });
});

describe("torrents of unusual shape", () => {
  it.each([
    { title: "one byte", sizeBytes: 1, pieceLengthBytes: 16 * KIB },
    { title: "a last block of one byte", sizeBytes: 3 * 64 * KIB + 1, pieceLengthBytes: 64 * KIB },
    { title: "a last piece of one block and a half", sizeBytes: MIB + 24 * KIB, pieceLengthBytes: 256 * KIB },
    { title: "pieces that are no multiple of a block", sizeBytes: 300_000, pieceLengthBytes: 40_000 },
    { title: "pieces of 16 MiB", sizeBytes: 50 * MIB, pieceLengthBytes: 16 * MIB },
    { title: "one piece of 96 MiB, more than the whole budget", sizeBytes: 96 * MIB, pieceLengthBytes: 96 * MIB },
  ])("arrive whole: $title", ({ sizeBytes, pieceLengthBytes }) => {
    const peers = [
      { bytesPerSecond: 50_000_000, latencyMs: 10 },
      { bytesPerSecond: 20_000_000, latencyMs: 30 },
    ];
    const swarm = new SimulatedSwarm({ geometry: torrentShape(sizeBytes, pieceLengthBytes), peers });
    swarm.read(0, 0);
    expect(swarm.untilComplete(1.35 * (sizeBytes / 70_000) + 400)).toBe(true);
    expect(swarm.downloader.stats.wastedBytes).toBeLessThanOrEqual(0.05 * sizeBytes + 64 * KIB);
    expect(swarm.maxBufferBytes).toBeLessThanOrEqual(Math.max(64 * MIB, 4 * pieceLengthBytes));
  });

  it("drop the least urgent partial piece when memory is short, never the most urgent one", () => {
    const peers = [{ bytesPerSecond: 4_000_000 }];
    const swarm = new SimulatedSwarm({ geometry: torrentShape(640 * MIB, 16 * MIB), peers });
    for (let place = 0; place < 10; place++) {
      swarm.read(0, place * 64 * MIB);
      swarm.run(300);
    }
    expect(swarm.maxBufferBytes).toBeLessThanOrEqual(64 * MIB);
    expect(swarm.downloader.stats.activePieces).toBeLessThanOrEqual(4);
    const last = swarm.downloader.exportPartials().map(({ piece }) => piece);
    expect(last).toContain(36);
    expect(swarm.untilStored(36)).toBeLessThanOrEqual(1.35 * ((16 * MIB) / 4000) + 100);
  });
});

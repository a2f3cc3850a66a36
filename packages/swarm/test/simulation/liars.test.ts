import { type SimulatedPeerOptions, torrentShape, trueBytes } from "@riptide/sim";
import { describe, expect, it } from "vitest";
import { SimulatedSwarm } from "./simulated-swarm.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

const good: SimulatedPeerOptions = { bytesPerSecond: 1_000_000 };
const thin: SimulatedPeerOptions = { bytesPerSecond: 150_000 };
const always: Pick<SimulatedPeerOptions, "poisons"> = { poisons: () => true };
const times = (count: number, seed: SimulatedPeerOptions) => Array.from({ length: count }, () => seed);

interface Row {
  readonly title: string;
  readonly peers: readonly SimulatedPeerOptions[];
  readonly pieceLengthBytes: number;
  readonly sizeBytes: number;
  readonly liars: readonly string[];
  readonly maxMs: number;
  readonly maxSentBytes: number;
  readonly maxFirstPieceMs: number;
}

// Sizes and rates of the measured rows; the bars are what the prototype needed plus a little.
const rows: readonly Row[] = [
  {
    title: "one good peer and one that poisons everything",
    peers: [good, { ...good, ...always }],
    pieceLengthBytes: 256 * KIB,
    sizeBytes: 4 * MIB,
    liars: ["10.0.0.1"],
    maxMs: 4600,
    maxSentBytes: 5_000_000,
    maxFirstPieceMs: 1000,
  },
  {
    title: "a poisoner that came first, and one good peer",
    peers: [{ ...good, ...always }, good],
    pieceLengthBytes: 256 * KIB,
    sizeBytes: 4 * MIB,
    liars: ["10.0.0.0"],
    maxMs: 4600,
    maxSentBytes: 5_000_000,
    maxFirstPieceMs: 1000,
  },
  {
    title: "a peer that poisons one block in five",
    peers: [good, { ...good, poisons: ({ piece, offset }) => (piece * 7 + offset / 16_384) % 5 === 0 }],
    pieceLengthBytes: 256 * KIB,
    sizeBytes: 4 * MIB,
    liars: ["10.0.0.1"],
    maxMs: 4600,
    maxSentBytes: 5_000_000,
    maxFirstPieceMs: 1000,
  },
  {
    title: "seven thin good peers and one poisoner, pieces of 256 KiB",
    peers: [...times(7, thin), { ...thin, ...always }],
    pieceLengthBytes: 256 * KIB,
    sizeBytes: 4 * MIB,
    liars: ["10.0.0.7"],
    maxMs: 4450,
    maxSentBytes: 4_800_000,
    maxFirstPieceMs: 350,
  },
  {
    title: "seven thin good peers and one poisoner, pieces of 1 MiB: one extra copy",
    peers: [...times(7, thin), { ...thin, ...always }],
    pieceLengthBytes: MIB,
    sizeBytes: 8 * MIB,
    liars: ["10.0.0.7"],
    maxMs: 9200,
    maxSentBytes: 9_600_000,
    maxFirstPieceMs: 2000,
  },
  {
    title: "six thin good peers and two poisoners that do not know each other",
    peers: [...times(6, thin), { ...thin, ...always }, { ...thin, poisons: ({ offset }) => offset % 32_768 === 0 }],
    pieceLengthBytes: 256 * KIB,
    sizeBytes: 4 * MIB,
    liars: ["10.0.0.6", "10.0.0.7"],
    maxMs: 6500,
    maxSentBytes: 5_600_000,
    maxFirstPieceMs: 3000,
  },
];

describe("peers that lie", () => {
  it.each(rows)("are banned, and only they: $title", (row) => {
    const swarm = new SimulatedSwarm({ geometry: torrentShape(row.sizeBytes, row.pieceLengthBytes), peers: row.peers });
    swarm.read(0, 0);
    // The swarm compares the bytes of every piece before and after it is stored.
    expect(swarm.untilComplete(row.maxMs)).toBe(true);
    expect(swarm.bans.map(({ host }) => host).sort()).toEqual(row.liars);
    expect(swarm.stored.get(0)).toBeLessThanOrEqual(row.maxFirstPieceMs);
    expect(swarm.sentBytes).toBeLessThanOrEqual(row.maxSentBytes);
    expect(swarm.downloader.stats.bans).toBe(row.liars.length);
  });

  it("do not delay a seek once they are banned", () => {
    const peers = [...times(7, thin), { ...thin, ...always }];
    const swarm = new SimulatedSwarm({ geometry: torrentShape(256 * MIB, MIB), peers });
    swarm.read(0, 0);
    swarm.run(5000);
    const bytesBefore = swarm.sentBytes;
    swarm.read(1, 150 * MIB);
    expect(swarm.untilStored(150)).toBeLessThanOrEqual(1.35 * (MIB / 1050) + 100);
    expect(swarm.sentBytes - bytesBefore).toBeLessThanOrEqual(1.35 * MIB);
    expect(swarm.bans).toHaveLength(1);
  });

  it("are banned with all their connections, and one that comes back gets no request", () => {
    const evil = { ...good, ...always, host: "10.6.6.6" };
    const swarm = new SimulatedSwarm({
      geometry: torrentShape(2 * MIB, 256 * KIB),
      peers: [good, evil, evil, { ...evil, joinsAtMs: 1500 }],
    });
    swarm.read(0, 0);
    expect(swarm.untilComplete(4000)).toBe(true);
    expect(swarm.bans.map(({ host }) => host)).toEqual(["10.6.6.6"]);
    expect(swarm.connections.get(3)?.peer.receivedRequests).toBe(0);
  });

  it("are banned alone in the swarm, and the piece waits for an honest peer", () => {
    const peers = [
      { ...good, ...always },
      { ...good, joinsAtMs: 3000 },
    ];
    const swarm = new SimulatedSwarm({ geometry: torrentShape(MIB, 256 * KIB), peers });
    swarm.read(0, 0);
    swarm.run(2900);
    expect(swarm.bans.map(({ host }) => host)).toEqual(["10.0.0.0"]);
    expect(swarm.sentBytes).toBeLessThanOrEqual(512 * KIB);
    expect(swarm.downloader.unavailable()).toEqual([0, 1, 2, 3]);
    expect(swarm.untilComplete(1300)).toBe(true);
  });

  it("are banned together when one piece shows both, and what they sent before is not held against others", () => {
    const swarm = new SimulatedSwarm({
      geometry: torrentShape(1_212_417, MIB),
      peers: [
        { bytesPerSecond: 458_753 },
        { bytesPerSecond: 83_592, latencyMs: 27, joinsAtMs: 339, queueLimit: 1, has: (piece) => piece === 0 },
        { bytesPerSecond: 48_265, joinsAtMs: 1751, ...always },
        { bytesPerSecond: 1_092_267, latencyMs: 35, joinsAtMs: 1456, ...always },
      ],
    });
    swarm.read(0, 0);
    expect(swarm.untilComplete(20_000)).toBe(true);
    expect(swarm.bans.map(({ host }) => host)).toEqual(["10.0.0.3", "10.0.0.2"]);
  });

  it("do not leave a piece behind that nobody may finish, when all but one peer go", () => {
    const peers = [good, good, { ...good, ...always }];
    const swarm = new SimulatedSwarm({ geometry: torrentShape(256 * KIB, 256 * KIB), peers });
    swarm.read(0, 0);
    expect(swarm.runUntil(() => swarm.failedPieces === 1, 500)).toBe(true);
    swarm.leave(1);
    swarm.leave(2);
    expect(swarm.untilComplete(400)).toBe(true);
    // It is gone, but its host is known now.
    expect(swarm.bans.map(({ host }) => host)).toEqual(["10.0.0.2"]);
  });

  it("are found although the honest witness leaves in the middle of the piece", () => {
    const peers = [{ ...good, leavesAtMs: 400 }, { ...good, ...always }, { ...thin }];
    const swarm = new SimulatedSwarm({ geometry: torrentShape(MIB, 256 * KIB), peers });
    swarm.read(0, 0);
    expect(swarm.untilComplete(12_000)).toBe(true);
    expect(swarm.bans.map(({ host }) => host)).toEqual(["10.0.0.1"]);
  });

  it("cannot spoil loose blocks of an earlier run without being found, and those blame nobody", () => {
    const geometry = torrentShape(256 * KIB, 256 * KIB);
    const swarm = new SimulatedSwarm({ geometry, peers: [good] });
    const bytes = trueBytes(geometry, 0);
    bytes[5 * 16_384] = (bytes[5 * 16_384] ?? 0) ^ 1;
    swarm.downloader.importPartial(0, Uint8Array.of(0b00001100, 0), bytes, 0);
    swarm.read(0, 0);
    expect(swarm.untilComplete(1000)).toBe(true);
    expect(swarm.bans).toEqual([]);
    expect(swarm.failedPieces).toBe(1);
    // Fourteen blocks, and after the hash failed the two loose ones again.
    expect(swarm.sentBytes).toBe(256 * KIB);
  });
});

/** Says that it has everything, lacks every so manieth piece, and does not answer when asked for that. */
function lies(every: number, rest: Partial<SimulatedPeerOptions> = {}): SimulatedPeerOptions {
  const isMissing = (piece: number): boolean => piece % every === 0;
  return { ...far, has: (piece) => !isMissing(piece), liesAbout: isMissing, ...rest };
}

const far: SimulatedPeerOptions = { bytesPerSecond: 1_000_000, latencyMs: 20 };
const farAndThin: SimulatedPeerOptions = { bytesPerSecond: 150_000, latencyMs: 20 };

describe("a bitfield that lies", () => {
  it.each([
    { title: "about every second piece", honest: [far], liar: lies(2), maxMs: 9500 },
    { title: "about one piece in five", honest: [far], liar: lies(5), maxMs: 9500 },
    { title: "about every piece", honest: [far], liar: lies(1), maxMs: 17_100 },
    { title: "among thin ones", honest: times(4, farAndThin), liar: lies(2), maxMs: 20_500 },
    { title: "and rejects nothing", honest: [far], liar: lies(2, { neverRejects: true }), maxMs: 9500 },
  ])("costs a reader one timeout, and what it does have is used: $title", ({ honest, liar, maxMs }) => {
    const geometry = torrentShape(16 * MIB, 256 * KIB);
    const swarm = new SimulatedSwarm({ geometry, peers: [...honest, liar], windowBytes: 4 * MIB });
    swarm.read(0, 0);
    expect(swarm.untilComplete(maxMs)).toBe(true);
    // The first piece waits for the second in which the liar falls silent, or for a request that is lost; no other one does.
    expect(swarm.stored.get(0)).toBeLessThanOrEqual(1300);
    const paceMs = (geometry.pieceLengthBytes / honest.reduce((sum, peer) => sum + peer.bytesPerSecond, 0)) * 1000;
    expect(swarm.longestGapMs(1)).toBeLessThanOrEqual(1.3 * paceMs);
  });

  it("costs no second timeout when a peer that was silent is tried again", () => {
    const geometry = torrentShape(48 * MIB, 256 * KIB);
    const peers = [far, { bytesPerSecond: 2_000_000, isBlackhole: true }];
    const swarm = new SimulatedSwarm({ geometry, peers, windowBytes: MIB });
    swarm.read(0, 0);
    expect(swarm.untilComplete(52_000)).toBe(true);
    expect(swarm.connections.get(1)?.peer.receivedRequests).toBeGreaterThan(4);
    expect(swarm.longestGapMs(1)).toBeLessThanOrEqual(1.3 * ((256 * KIB) / 1000));
  });
});

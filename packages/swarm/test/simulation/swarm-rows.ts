import { type SimulatedPeerOptions, torrentShape } from "@riptide/sim";
import { BLOCK_LENGTH_BYTES } from "../../src/types.ts";
import { SessionReader } from "./session-reader.ts";
import { SimulatedSession } from "./simulated-session.ts";

const MIB = 1024 * 1024;
const TORRENT_BYTES = 1024 * MIB;
const READ_BYTES = 8 * MIB;
const SEEK_BYTES = 600 * MIB;
const LIMIT_MS = 120_000;
/** What comes before the bytes: round trips, and blocks that a peer is sending and cannot call back. */
interface Before {
  readonly roundTrips: number;
  readonly blocksUnderWay: number;
}

/** TCP, handshake, interest and unchoke, request and block: each waits for the one before, as BEP 3 tells it. */
const BEFORE_START: Before = { roundTrips: 4, blocksUnderWay: 0 };
const BEFORE_SEEK: Before = { roundTrips: 1, blocksUnderWay: 1 };

export const PIECE_LENGTHS: readonly number[] = [MIB / 4, MIB, 4 * MIB];

export interface SwarmRow {
  readonly title: string;
  readonly peers: readonly SimulatedPeerOptions[];
  /** The goal for the longest gap, where there is one. */
  readonly maxGapMs?: number;
}

/** One peer of each kind that the rows are made of. */
const fast: SimulatedPeerOptions = { bytesPerSecond: 1_000_000 };
const thin: SimulatedPeerOptions = { bytesPerSecond: 60_000 };
const times = (count: number, peer: SimulatedPeerOptions) => Array.from({ length: count }, () => peer);

/** The swarms in which starts and seeks must be near what the network allows. */
export const SWARM_ROWS: readonly SwarmRow[] = [
  { title: "1 × 1 MB/s", peers: [fast] },
  { title: "1 × 1 MB/s, round trip 100 ms", peers: [{ ...fast, latencyMs: 50 }] },
  { title: "1 MB/s + 60 KB/s", peers: [fast, thin] },
  {
    title: "1 MB/s + 1 MB/s that stalls after 1 MB",
    peers: [fast, { ...fast, stallsAfterBytes: 1_000_000 }],
    maxGapMs: 1500,
  },
  { title: "1 MB/s + blackhole", peers: [fast, { ...fast, isBlackhole: true }] },
  { title: "8 × 125 KB/s", peers: times(8, { bytesPerSecond: 125_000 }) },
  { title: "800 KB/s + 4 × 60 KB/s", peers: [{ bytesPerSecond: 800_000 }, ...times(4, thin)] },
  { title: "20 × 50 KB/s", peers: times(20, { bytesPerSecond: 50_000 }) },
  { title: "1 MB/s + 1 MB/s that poisons", peers: [fast, { ...fast, poisons: () => true }], maxGapMs: 3000 },
  { title: "30 × 333 KB/s, round trip 40 ms", peers: times(30, { bytesPerSecond: 333_000, latencyMs: 20 }) },
];

/** How long something took and what the swarm sent for it, beside what had to be. */
export interface Measure {
  readonly ms: number;
  /** Bytes ÷ bandwidth, and a round trip for each dependency. */
  readonly idealMs: number;
  /**
   * The same if nothing smaller than a block of 16 KiB is asked of a peer, which first sends the rest of the one that it is sending: after
   * a seek, at worst, a whole one.
   */
  readonly idealInBlocksMs: number;
  readonly bytes: number;
  readonly neededBytes: number;
}

export interface RowFigures {
  readonly start: Measure;
  readonly seek: Measure;
  readonly gapMs: number;
}

/**
 * Start: from the torrent being added to the first 64 KiB. Then 8 MiB are read as fast as they come; the longest gap is
 * the longest time without a byte. Then a seek to 600 MiB.
 */
export async function measureRow({ peers }: SwarmRow, pieceLengthBytes: number, seed: number): Promise<RowFigures> {
  const geometry = torrentShape(TORRENT_BYTES, pieceLengthBytes);
  await using world = await SimulatedSession.start({ geometry, peers, seed });
  const measure = async (offset: number, before: Before): Promise<Measure> => {
    const { nowMs: startMs, sentBytes: startBytes } = world;
    reader.read(offset);
    await world.untilStored([offset / pieceLengthBytes], LIMIT_MS);
    const { nowMs, sentBytes } = world;
    const ideal = { bytes: pieceLengthBytes, peers, ...before, sentBytes: startBytes };
    return {
      ms: nowMs - startMs,
      idealMs: idealMs({ ...ideal, unitBytes: 0 }),
      idealInBlocksMs: idealMs({ ...ideal, unitBytes: BLOCK_LENGTH_BYTES }),
      bytes: sentBytes - startBytes,
      neededBytes: pieceLengthBytes,
    };
  };
  const reader = new SessionReader(world, 0);
  const start = await measure(0, BEFORE_START);
  const pieces = Array.from({ length: READ_BYTES / pieceLengthBytes }, (_, piece) => piece);
  await world.untilStored(pieces, LIMIT_MS);
  const gapMs = reader.longestGapMs;
  const seek = await measure(SEEK_BYTES, BEFORE_SEEK);
  return { start, seek, gapMs };
}

/** When the honest peers that answer can have sent that much, in units that only one of them sends each. */
function idealMs(
  options: Before & {
    bytes: number;
    unitBytes: number;
    peers: readonly SimulatedPeerOptions[];
    /** What the swarm has sent before: who stalls may have stalled. */
    sentBytes: number;
  },
): number {
  const { bytes, unitBytes, peers, roundTrips, blocksUnderWay, sentBytes } = options;
  const useful = peers.filter(
    ({ isBlackhole, poisons, stallsAfterBytes }) =>
      isBlackhole !== true && poisons === undefined && (stallsAfterBytes === undefined || sentBytes === 0),
  );
  const sentBy = (ms: number): number =>
    useful.reduce((sum, { bytesPerSecond, stallsAfterBytes = Number.POSITIVE_INFINITY }) => {
      const fluid = Math.min(stallsAfterBytes, (bytesPerSecond * ms) / 1000);
      // A unit that is done at this very moment counts, whatever the rounding says.
      return (
        sum + (unitBytes === 0 ? fluid : Math.max(0, Math.floor(fluid / unitBytes + 1e-6) - blocksUnderWay) * unitBytes)
      );
    }, 0);
  let [low, high] = [0, LIMIT_MS];
  while (high - low > 0.01) {
    const middle = (low + high) / 2;
    if (sentBy(middle) >= bytes) high = middle;
    else low = middle;
  }
  const roundTripMs = 2 * Math.max(...useful.map(({ latencyMs = 0 }) => latencyMs));
  return high + roundTrips * roundTripMs;
}

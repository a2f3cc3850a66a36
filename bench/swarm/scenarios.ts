import { BLOCK_LENGTH_BYTES } from "../../packages/swarm/src/types.ts";
import type { ScriptedSeedOptions } from "../../test/support/scripted-seed.ts";

/** One seed of a swarm, as it is told to the process of the seeds. */
export type SeedSpec = Omit<ScriptedSeedOptions, "torrent" | "onBlockSent">;

export interface Scenario {
  /** The word that selects it. */
  readonly name: string;
  readonly what: string;
  readonly seeds: readonly SeedSpec[];
  /** Longest gap of a reader that is allowed whatever the pieces, where the issue names one. */
  readonly gapLimitMs?: number;
}

const GOOD: SeedSpec = { bytesPerSecond: 1_000_000 };
/** What the stalling seed sends first. */
const STALLS_AFTER_BYTES = 1_000_000;

export const SCENARIOS: readonly Scenario[] = [
  { name: "one", what: "1 × 1 MB/s", seeds: [GOOD] },
  { name: "rtt", what: "1 × 1 MB/s, 100 ms", seeds: [{ ...GOOD, latencyMs: 50 }] },
  { name: "slow", what: "1 MB/s + 60 KB/s", seeds: [GOOD, { bytesPerSecond: 60_000 }] },
  {
    name: "stalled",
    what: "1 MB/s + one that stalls after 1 MB",
    seeds: [GOOD, { ...GOOD, stallAfterBytes: STALLS_AFTER_BYTES }],
    gapLimitMs: 1500,
  },
  { name: "blackhole", what: "1 MB/s + blackhole", seeds: [GOOD, { misdeed: "blackhole" }], gapLimitMs: 1500 },
  { name: "eight", what: "8 × 125 KB/s", seeds: repeat(8, { bytesPerSecond: 125_000 }) },
  {
    name: "mixed",
    what: "800 + 4 × 60 KB/s",
    seeds: [{ bytesPerSecond: 800_000 }, ...repeat(4, { bytesPerSecond: 60_000 })],
  },
  { name: "twenty", what: "20 × 50 KB/s", seeds: repeat(20, { bytesPerSecond: 50_000 }) },
  {
    name: "poison",
    what: "1 MB/s + one that poisons",
    seeds: [GOOD, { ...GOOD, misdeed: "poisons" }],
    gapLimitMs: 3000,
  },
  { name: "thirty", what: "30 × 333 KB/s, 40 ms", seeds: repeat(30, { bytesPerSecond: 333_000, latencyMs: 20 }) },
];

/**
 * Handshake, interest until the unchoke, request until the block: as BEP 3 tells it, each answer is needed for the next question. Ours does
 * with two and 10 ms, as it does not wait for the handshake to say that it is interested: it can be faster than this ideal.
 */
const START_ROUND_TRIPS = 3;
const SEEK_ROUND_TRIPS = 1;

/** In ms, what no client can be faster than, for a piece that is needed whole. */
export interface Ideal {
  readonly startMs: number;
  readonly seekMs: number;
  /** Between a piece and the next one. */
  readonly gapMs: number;
}

export function idealOf({ seeds }: Scenario, pieceLengthBytes: number): Ideal {
  const roundTripMs = 2 * Math.max(...seeds.map(({ latencyMs = 0 }) => latencyMs));
  const honest = seeds.filter(({ misdeed = "none" }) => misdeed === "none");
  const lasting = honest.filter(({ stallAfterBytes }) => stallAfterBytes === undefined);
  const bytesPerSecond = lasting.reduce((sum, seed) => sum + (seed.bytesPerSecond ?? 0), 0);
  return {
    startMs: fetchMs(honest, pieceLengthBytes, 0) + START_ROUND_TRIPS * roundTripMs,
    // Each sends something else, and nobody can call back the block that is on its way.
    seekMs: fetchMs(lasting, pieceLengthBytes, 1) + SEEK_ROUND_TRIPS * roundTripMs,
    gapMs: (pieceLengthBytes / bytesPerSecond) * 1000,
  };
}

/**
 * The shortest time in which the seeds together can send the bytes, each of them one whole block after the other, behind those that it is
 * sending.
 */
function fetchMs(seeds: readonly SeedSpec[], lengthBytes: number, blocksUnderWay: number): number {
  let blocks = Math.ceil(lengthBytes / BLOCK_LENGTH_BYTES);
  const lines = seeds.map(
    ({ bytesPerSecond = Number.POSITIVE_INFINITY, stallAfterBytes = Number.POSITIVE_INFINITY }) => {
      const blockMs = (BLOCK_LENGTH_BYTES / bytesPerSecond) * 1000;
      const blocksLeft = Math.ceil(stallAfterBytes / BLOCK_LENGTH_BYTES);
      return { blockMs, blocksLeft, busyMs: blocksUnderWay * blockMs };
    },
  );
  let latestMs = 0;
  for (; blocks > 0; blocks -= 1) {
    const [next] = lines
      .filter(({ blocksLeft }) => blocksLeft > 0)
      .toSorted((left, right) => left.busyMs + left.blockMs - right.busyMs - right.blockMs);
    if (next === undefined) return Number.POSITIVE_INFINITY;
    next.busyMs += next.blockMs;
    next.blocksLeft -= 1;
    latestMs = Math.max(latestMs, next.busyMs);
  }
  return latestMs;
}

function repeat(count: number, seed: SeedSpec): SeedSpec[] {
  return Array.from({ length: count }, () => seed);
}

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PIECE_MEMORY_BYTES } from "../../src/download/buffer-pool.ts";
import type { SeedOptions } from "./simulated-seed.ts";
import { geometryOf, SimulatedSwarm } from "./simulated-swarm.ts";

/** A run takes about 15 ms; a failure prints its seed. */
const RUNS = 40;
/** Everything that can go wrong has gone wrong by then. */
const TROUBLE_ENDS_MS = 8000;

const rate = fc.integer({ min: 10_000, max: 2_000_000 });
const latency = fc.integer({ min: 0, max: 80 });
const moment = fc.integer({ min: 0, max: TROUBLE_ENDS_MS });

const behaviours: fc.Arbitrary<Partial<SeedOptions>>[] = [
  fc.constant({}),
  fc.constant({ isBlackhole: true }),
  fc.integer({ min: 0, max: 300_000 }).map((stallsAfterBytes) => ({ stallsAfterBytes })),
  fc.integer({ min: 1, max: 7 }).map((every) => ({
    poisons: ({ piece, offset }) => (piece + offset / 16_384) % every === 0,
  })),
  fc.integer({ min: 2, max: 5 }).map((every) => ({ has: (piece) => piece % every === 0 })),
  fc.integer({ min: 2, max: 5 }).map((every) => ({ liesAbout: (piece) => piece % every === 0 })),
  fc.integer({ min: 1, max: 5 }).map((queueLimit) => ({ queueLimit })),
  fc
    .tuple(moment, fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 0, max: 4 }))
    .map(([fromMs, durationMs, stillSends]) => ({ chokes: [{ fromMs, toMs: fromMs + durationMs, stillSends }] })),
  moment.map((leavesAtMs) => ({ leavesAtMs })),
];

const badPeer: fc.Arbitrary<SeedOptions> = fc
  .record({
    bytesPerSecond: rate,
    latencyMs: latency,
    joinsAtMs: moment,
    neverRejects: fc.boolean(),
    behaviour: fc.oneof(...behaviours),
    another: fc.oneof(fc.constant({}), ...behaviours),
  })
  .map(({ behaviour, another, ...rest }) => ({ ...rest, ...behaviour, ...another }));

const scenario = fc.record({
  pieceLengthBytes: fc.constantFrom(16_384, 40_000, 65_536, 262_144, 1_048_576),
  sizeBytes: fc.integer({ min: 1, max: 2_500_000 }),
  goodRate: fc.integer({ min: 200_000, max: 2_000_000 }),
  goodLatencyMs: latency,
  badPeers: fc.array(badPeer, { maxLength: 7 }),
  reads: fc.array(
    fc.record({
      atMs: moment,
      reader: fc.integer({ min: 0, max: 2 }),
      share: fc.double({ min: 0, max: 0.99, noNaN: true }),
    }),
    { maxLength: 8 },
  ),
  pauses: fc.array(fc.record({ atMs: moment, durationMs: fc.integer({ min: 1, max: 1000 }) }), { maxLength: 2 }),
  storeFailures: fc.integer({ min: 0, max: 3 }),
});

describe("random swarms", () => {
  it("finish with the right bytes as long as one honest peer stays, and ban only liars", () => {
    fc.assert(
      fc.property(fc.noBias(scenario), (options) => {
        const swarm = start(options);
        swarm.run(TROUBLE_ENDS_MS + 3000);
        swarm.wantAll();
        const isComplete = swarm.untilComplete(300_000);
        expect(isComplete, "complete").toBe(true);
        const { bufferBytes, activePieces, downloadedBytes } = swarm.downloader.stats;
        expect(activePieces).toBe(0);
        expect(swarm.maxBufferBytes).toBeLessThanOrEqual(Math.max(PIECE_MEMORY_BYTES, 4 * options.pieceLengthBytes));
        expect(bufferBytes).toBeLessThanOrEqual(swarm.maxBufferBytes);
        expect(downloadedBytes).toBeGreaterThanOrEqual(options.sizeBytes);
        for (const [peer, { owed, host }] of swarm.connections) {
          expect(swarm.downloader.peerStats(peer).inFlight, `requests that ${host} owes`).toBe(0);
          expect(owed.size, `requests that ${host} thinks it owes`).toBe(0);
        }
        const liars = swarm.seedOptions.filter(({ poisons }) => poisons !== undefined).length;
        expect(swarm.bans.length).toBeLessThanOrEqual(liars);
        for (const { host } of swarm.bans) expect(swarm.isLiar(host), `${host} is a liar`).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });
});

function start(options: typeof scenario extends fc.Arbitrary<infer T> ? T : never): SimulatedSwarm {
  const good: SeedOptions = { bytesPerSecond: options.goodRate, latencyMs: options.goodLatencyMs };
  const swarm = new SimulatedSwarm({
    geometry: geometryOf(options.sizeBytes, options.pieceLengthBytes),
    seeds: [good, ...options.badPeers],
    store: (piece, attempt) => (attempt < options.storeFailures && piece % 3 === 0 ? false : piece % 5),
  });
  swarm.read(9, 0);
  for (const { atMs, reader, share } of options.reads) {
    swarm.time.at(atMs, () => swarm.read(reader, Math.floor(share * options.sizeBytes)));
  }
  for (const { atMs, durationMs } of options.pauses) {
    swarm.time.at(atMs, () => swarm.downloader.pause(swarm.time.nowMs));
    swarm.time.at(atMs + durationMs, () => swarm.downloader.resume(swarm.time.nowMs));
  }
  return swarm;
}

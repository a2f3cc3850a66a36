import { type ScenarioLeecher, type SimulatedPeerOptions, torrentShape } from "@riptide/sim";
import { MAX_QUEUED_BYTES } from "../../src/session/connections.ts";
import { SessionReader } from "./session-reader.ts";
import { type SessionWorldOptions, SimulatedSession } from "./simulated-session.ts";
import { webSeedOrigin } from "./simulated-web.ts";
import { atLeast, atMost, type Story, type StoryGoal } from "./story.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** Of 30 seeds the longest wait for a lot was 160 s. */
const LIMIT_MS = 300_000;

const good: SimulatedPeerOptions = { bytesPerSecond: 500_000, latencyMs: 10, jitterMs: 10 };
const leecher: ScenarioLeecher = {
  host: "10.1.0.1",
  bytesPerSecond: 100_000,
  takesBytesPerSecond: 1_000_000,
  latencyMs: 20,
  jitterMs: 20,
  joinsAtMs: 0,
  hasEvery: 0,
  requestBytes: 16 * KIB,
  faults: [],
};

/** Stories of a whole session in which others download from it, or servers take part. */
export const SHARING_STORIES: readonly Story[] = [
  { name: "web seed alone", tell: webSeedAlone },
  { name: "web seed that lies beside honest peers", tell: lyingWebSeed },
  { name: "peers that ask without reading", tell: askingWithoutReading },
  { name: "one honest leecher among greedy ones", tell: greedyLeechers },
  { name: "trading with who takes slowly", tell: tradingSlowly },
];

/** Nobody else has it; the server is busy at first, and hangs up in the middle of every third answer. */
async function webSeedAlone(seed: number): Promise<StoryGoal[]> {
  const webSeed = {
    bytesPerSecond: 1_000_000,
    latencyMs: 40,
    faults: [
      { kind: "status", status: 503, retryAfterSeconds: 4, fromMs: 0, toMs: 2000 },
      { kind: "cuts", every: 3 },
    ],
  } as const;
  return await readAll(
    { geometry: torrentShape(8 * MIB, 256 * KIB), peers: [], webSeeds: [webSeed], seed },
    (world) => [
      // It rests for as long as the server asked, and a second and two for each time that it hung up.
      atMost("all of it, ms", world.nowMs, 4000 + 1.15 * ((8 * MIB) / 1000) + 12_000),
      atMost("swarm bytes, share of needed", world.sentBytes / (8 * MIB), 1.1),
      atMost("hosts banned", world.bannedHosts.size, 0),
    ],
  );
}

async function lyingWebSeed(seed: number): Promise<StoryGoal[]> {
  const webSeed = { bytesPerSecond: 1_000_000, latencyMs: 40, faults: [{ kind: "poison", every: 3 }] } as const;
  const peers = [good, good];
  return await readAll(
    { geometry: torrentShape(6 * MIB, 256 * KIB), peers, webSeeds: [webSeed], seed },
    (world, gapMs) => [
      atMost("longest gap, ms", gapMs, 3000),
      atMost("all of it, ms", world.nowMs, 1.3 * ((6 * MIB) / 1000)),
      atLeast("the web seed is banned", Number(world.bannedHosts.has(webSeedOrigin(0))), 1),
      atMost("hosts banned", world.bannedHosts.size, 1),
    ],
  );
}

/** Requests cost nothing and their rejects wait for whoever asked: that must not be for ever. */
async function askingWithoutReading(seed: number): Promise<StoryGoal[]> {
  const rude: ScenarioLeecher = {
    ...leecher,
    faults: [
      { kind: "never-reads", afterBytes: 4000 },
      { kind: "floods", requests: 20_000, everyMs: 250, bursts: 30 },
    ],
  };
  const leechers = [rude, { ...leecher, host: "10.1.0.2" }];
  const peers = [good, good];
  return await readAll({ geometry: torrentShape(10 * MIB, MIB), peers, leechers, seed }, async (world, gapMs) => {
    const readMs = world.nowMs;
    await world.untilServed(leechers.slice(1), LIMIT_MS);
    return [
      atMost("longest gap, ms", gapMs, 1500),
      atMost("all of it, ms", readMs, 1.1 * ((10 * MIB) / 1000)),
      atMost("all of it for the leecher that reads, ms", world.nowMs - readMs, 10_000),
      // More than that was asked for.
      atLeast("waiting for one peer, bytes", world.uploads.maxQueuedBytes, MAX_QUEUED_BYTES),
      atMost("waiting for one peer, bytes", world.uploads.maxQueuedBytes, MAX_QUEUED_BYTES + MIB),
    ];
  });
}

/** Some that never have enough, and take more than the one that wants it only once: it has to wait for its lot, every 30 s. */
async function greedyLeechers(seed: number): Promise<StoryGoal[]> {
  const greedy = Array.from({ length: 6 }, (_, index) => ({
    ...leecher,
    host: `10.1.0.${index + 10}`,
    takesBytesPerSecond: 40_000,
    faults: [{ kind: "repeats", requests: 100, untilBytes: Number.POSITIVE_INFINITY } as const],
  }));
  const leechers = [...greedy, { ...leecher, takesBytesPerSecond: 35_000, joinsAtMs: 5000 }];
  return await readAll({ geometry: torrentShape(MIB, 256 * KIB), peers: [good], leechers, seed }, async (world) => {
    await world.untilServed(leechers.slice(-1), LIMIT_MS);
    // It needs its turn twice, of four that have no regular slot.
    return [atMost("all of it for the honest one, ms", world.nowMs, LIMIT_MS - 60_000)];
  });
}

/** Who gives most takes little: what we ask of it, and that we seek, must not wait behind what it gets of us. */
async function tradingSlowly(seed: number): Promise<StoryGoal[]> {
  const partner: ScenarioLeecher = { ...leecher, bytesPerSecond: 800_000, takesBytesPerSecond: 60_000, hasEvery: 2 };
  const peers = [{ ...good, bytesPerSecond: 200_000 }];
  const geometry = torrentShape(64 * MIB, 256 * KIB);
  await using world = await SimulatedSession.start({ geometry, peers, leechers: [partner], seed });
  const reader = new SessionReader(world, 0);
  reader.read(0);
  await world.run(15_000);
  const seekMs = world.nowMs;
  reader.read(50 * MIB);
  await world.untilStored([200], LIMIT_MS);
  const pictureMs = world.nowMs - seekMs;
  await world.run(1000);
  return [
    atLeast("uploaded, bytes", world.figures.uploadedBytes, 500_000),
    // A piece at the rate of both, the round trip, and two blocks in front of the requests.
    atMost("piece after a seek, ms", pictureMs, (256 * KIB) / 1000 + 80 + (2 * 16 * KIB) / 60),
    atMost(`uploads went wrong (${world.uploads.problem ?? "no"})`, Number(world.uploads.problem !== undefined), 0),
  ];
}

/** Reads all of it from the start to the end; then come the goals, with the longest wait. */
async function readAll(
  options: SessionWorldOptions,
  tell: (world: SimulatedSession, gapMs: number) => StoryGoal[] | Promise<StoryGoal[]>,
): Promise<StoryGoal[]> {
  await using world = await SimulatedSession.start(options);
  const reader = new SessionReader(world, 0);
  reader.read(0);
  const pieces = Array.from({ length: world.geometry.pieceCount }, (_, piece) => piece);
  await world.untilStored(pieces, LIMIT_MS);
  const goals = await tell(world, reader.longestGapMs);
  return [
    ...goals,
    atLeast("pieces stored", world.stored.size, pieces.length),
    atMost("wrong pieces on the disk", (await world.wrongPiece()) === undefined ? 0 : 1, 0),
    atMost(`uploads went wrong (${world.uploads.problem ?? "no"})`, Number(world.uploads.problem !== undefined), 0),
    atMost(`web seeds were asked wrongly (${world.web.problem ?? "no"})`, Number(world.web.problem !== undefined), 0),
  ];
}

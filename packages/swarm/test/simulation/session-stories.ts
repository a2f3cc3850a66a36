import { createRandom, type SimulatedPeerOptions, torrentShape } from "@riptide/sim";
import { injectFileFaults, systemError } from "../storage/file-faults.ts";
import { SessionReader } from "./session-reader.ts";
import { SimulatedSession } from "./simulated-session.ts";
import { ANSWER_MS } from "./simulated-tracker.ts";
import { atLeast, atMost, type Story, type StoryGoal } from "./story.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const LIMIT_MS = 120_000;

const good: SimulatedPeerOptions = { bytesPerSecond: 1_000_000, latencyMs: 5, jitterMs: 10 };
const thin: SimulatedPeerOptions = { bytesPerSecond: 150_000, latencyMs: 15, jitterMs: 30 };
const times = (count: number, peer: SimulatedPeerOptions) => Array.from({ length: count }, () => peer);

/** Stories of a whole session: wire, address book, scheduler, trust and the store on a real disk. */
export const SESSION_STORIES: readonly Story[] = [
  { name: "cold start", tell: coldStart },
  { name: "poisoned head", tell: poisonedHead },
  { name: "colluding poisoners", tell: colludingPoisoners },
  { name: "dying seed", tell: dyingSeed },
  { name: "missing tail", tell: missingTail },
  { name: "tracker silence", tell: trackerSilence },
  { name: "full disk that recovers", tell: (seed) => troubledDisk(seed, "ENOSPC", "disk_full") },
  { name: "failing disk that recovers", tell: (seed) => troubledDisk(seed, "EIO", "storage_failed") },
];

/** What holds at the end of every story. */
async function ending(world: SimulatedSession): Promise<StoryGoal[]> {
  return [atMost("wrong pieces on the disk", (await world.wrongPiece()) === undefined ? 0 : 1, 0)];
}

function allPieces({ geometry }: SimulatedSession): number[] {
  return Array.from({ length: geometry.pieceCount }, (_, piece) => piece);
}

/** Somebody presses play: head and tail are wanted at once, from peers far away that are just being met. */
async function coldStart(seed: number): Promise<StoryGoal[]> {
  const random = createRandom(seed);
  const peers = Array.from({ length: 10 }, () => ({
    bytesPerSecond: 200_000,
    latencyMs: 40,
    jitterMs: random.int(0, 20),
  }));
  await using world = await SimulatedSession.start({ geometry: torrentShape(700 * MIB, MIB), peers, seed });
  const head = new SessionReader(world, 0);
  head.read(0);
  world.setDemand(100, { range: { start: 699 * MIB, end: 700 * MIB }, urgency: "now" });
  await world.untilStored([0], LIMIT_MS);
  const headMs = world.nowMs;
  await world.untilStored([0, 699], LIMIT_MS);
  // Three round trips until the first block, each with a jitter; then the head, and the tail behind it, at the rate of all.
  const idealMs = (pieces: number): number => 3 * (80 + 20) + ((pieces * MIB) / 2_000_000) * 1000;
  return [
    atMost("head, ms", headMs, 1.15 * idealMs(1)),
    atMost("head and tail, ms", world.nowMs, 1.15 * idealMs(2)),
    atMost("swarm bytes, share of needed", world.sentBytes / (2 * MIB), 1.1),
    ...(await ending(world)),
  ];
}

async function poisonedHead(seed: number): Promise<StoryGoal[]> {
  const peers = [{ ...good, poisons: () => true }, good];
  await using world = await SimulatedSession.start({ geometry: torrentShape(4 * MIB, 256 * KIB), peers, seed });
  const { headMs, longestGapMs } = await readAll(world);
  return [
    atMost("first bytes, ms", headMs, 1000),
    atMost("longest gap, ms", longestGapMs, 3000),
    atMost("all of it, ms", world.nowMs, 4800),
    atLeast("hosts banned", world.figures.bannedHosts, 1),
    atMost("hosts banned", world.figures.bannedHosts, 1),
    ...(await ending(world)),
  ];
}

/** Two that send the same wrong bytes, among six that are honest. */
async function colludingPoisoners(seed: number): Promise<StoryGoal[]> {
  const liar = { ...thin, poisons: () => true, poisonMask: 7 };
  const peers = [liar, ...times(6, thin), liar];
  await using world = await SimulatedSession.start({ geometry: torrentShape(6 * MIB, 256 * KIB), peers, seed });
  const { headMs, longestGapMs } = await readAll(world);
  return [
    atMost("first bytes, ms", headMs, 3000),
    atMost("longest gap, ms", longestGapMs, 3000),
    atMost("all of it, ms", world.nowMs, 1.8 * ((6 * MIB) / 900)),
    atLeast("hosts banned", world.figures.bannedHosts, 2),
    atMost("hosts banned", world.figures.bannedHosts, 2),
    ...(await ending(world)),
  ];
}

/** Reads from the start to the end; when the first piece was there, and the longest wait. */
async function readAll(world: SimulatedSession): Promise<{ headMs: number; longestGapMs: number }> {
  const reader = new SessionReader(world, 0);
  reader.read(0);
  await world.untilStored([0], LIMIT_MS);
  const headMs = world.nowMs;
  await world.untilStored(allPieces(world), LIMIT_MS);
  return { headMs, longestGapMs: reader.longestGapMs };
}

/** The only seed goes in the middle of a piece; twenty seconds later another one is found. */
async function dyingSeed(seed: number): Promise<StoryGoal[]> {
  const peers = [
    { ...good, leavesAtMs: 5500 },
    { ...good, latencyMs: 20, joinsAtMs: 25_500 },
  ];
  await using world = await SimulatedSession.start({ geometry: torrentShape(10 * MIB, MIB), peers, seed });
  const reader = new SessionReader(world, 0);
  reader.read(0);
  await world.run(20_000);
  const before = world.stored.size;
  await world.untilStored(allPieces(world), LIMIT_MS);
  return [
    atLeast("pieces of the first seed", before, 5),
    atMost("all of it after the second came, ms", world.nowMs - 25_500, 1.05 * ((10 * MIB) / 1000 - 5500) + 200),
    // What had come of the piece under way is not sent again, but for the block that was cut off.
    atMost("swarm bytes, share of needed", world.sentBytes / (10 * MIB), 1.01),
    ...(await ending(world)),
  ];
}

/** Nobody has the last tenth, until somebody comes who has only that. */
async function missingTail(seed: number): Promise<StoryGoal[]> {
  const peers = [
    ...times(3, { bytesPerSecond: 400_000, has: (piece: number) => piece < 18 }),
    { bytesPerSecond: 400_000, latencyMs: 30, has: (piece: number) => piece >= 18, joinsAtMs: 30_000 },
  ];
  await using world = await SimulatedSession.start({ geometry: torrentShape(5 * MIB, 256 * KIB), peers, seed });
  const reader = new SessionReader(world, 0);
  reader.read(0);
  // A player looks for the index at the end as well.
  world.setDemand(100, { range: { start: 5 * MIB - 64 * KIB, end: 5 * MIB }, urgency: "now" });
  await world.untilStored(
    Array.from({ length: 18 }, (_, piece) => piece),
    LIMIT_MS,
  );
  const restMs = world.nowMs;
  await world.untilStored(allPieces(world), LIMIT_MS);
  return [
    atMost("what is there, ms", restMs, 1.15 * ((4.5 * MIB) / 1200)),
    atMost("the tail after its peer came, ms", world.nowMs - 30_000, 1.15 * ((0.5 * MIB) / 400 + 4 * 60)),
    atMost("swarm bytes, share of needed", world.sentBytes / (5 * MIB), 1.1),
    ...(await ending(world)),
  ];
}

/** The only tracker, which alone knows peers, is silent for twenty seconds: the first question is given up, and the second one answered. */
async function trackerSilence(seed: number): Promise<StoryGoal[]> {
  const peers = times(4, { bytesPerSecond: 250_000, latencyMs: 25 });
  const geometry = torrentShape(64 * MIB, MIB);
  await using world = await SimulatedSession.start({ geometry, peers, seed, trackerSpeaksAtMs: 20_000 });
  const reader = new SessionReader(world, 0);
  reader.read(0);
  await world.untilStored([0], LIMIT_MS);
  const { askedAtMs } = world.tracker;
  const [, askedAgainMs = Number.POSITIVE_INFINITY] = askedAtMs;
  return [
    // After fifteen seconds it is taken for dead, and left alone for at least half of fifteen more, and at most all of them.
    atLeast("tracker asked again, ms", askedAgainMs, 22_500),
    atMost("tracker asked again, ms", askedAgainMs, 30_000),
    atMost("questions to the tracker", askedAtMs.length, 2),
    atMost("first bytes after that, ms", world.nowMs - askedAgainMs, ANSWER_MS + 1.15 * (MIB / 1000 + 4 * 50)),
    atMost("swarm bytes, share of needed", world.sentBytes / MIB, 1.1),
    ...(await ending(world)),
  ];
}

/** The disk takes nothing, and says this of it, from the third to the twelfth second. */
async function troubledDisk(seed: number, systemCode: string, problem: string): Promise<StoryGoal[]> {
  const peers = times(2, { bytesPerSecond: 500_000, latencyMs: 10 });
  const faults = await injectFileFaults();
  try {
    await using world = await SimulatedSession.start({ geometry: torrentShape(12 * MIB, MIB), peers, seed });
    faults.before = (call) => {
      const isInTrouble = world.nowMs >= 3000 && world.nowMs < 12_000;
      if (isInTrouble && call.startsWith("write")) throw systemError(systemCode);
    };
    const reader = new SessionReader(world, 0);
    reader.read(0);
    await world.run(11_000);
    const storedBefore = world.stored.size;
    await world.untilStored(allPieces(world), LIMIT_MS);
    return [
      atLeast("pieces before the trouble", storedBefore, 2),
      atLeast(`told that ${problem}`, Number(world.problems.includes(problem)), 1),
      atLeast("told that it takes pieces again", Number(world.problems.at(-1) === undefined), 1),
      // It tries again every five seconds; what was in memory is not fetched again.
      atMost("all of it, ms", world.nowMs, 12_000 + 5000 + (10 * MIB) / 1000),
      atMost("swarm bytes, share of needed", world.sentBytes / (12 * MIB), 1.1),
      ...(await ending(world)),
    ];
  } finally {
    faults.restore();
  }
}

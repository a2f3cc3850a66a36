import { createRandom, type Random } from "../random.ts";
import { randomScenario } from "./random-scenario.ts";
import {
  type LeecherFault,
  recovers,
  type ScenarioLeecher,
  type ScenarioWebSeed,
  type SessionScenario,
  type WebSeedFault,
} from "./session-scenario.ts";

const KIB = 1024;
/** Draws of their own: what a seed means to the scheduler alone does not change with them. */
const SEED_MASK = 0x5e55_1011;
const MAX_LEECHERS = 6;
const MAX_WEB_SEEDS = 2;
/** How likely somebody has each of the faults. */
const FAULT_SHARE = 0.12;
/** Every so manieth scenario limits what goes out to what lets the whole torrent out this many times in a minute. */
const LIMITED_SHARE = 0.3;
const MIN_UPLOAD_BYTES_PER_SECOND = 40_000;

const LEECHER_KINDS: readonly LeecherFault["kind"][] = [
  "asks-absent",
  "asks-outside",
  "floods",
  "repeats",
  "cancels",
  "never-reads",
  "fidgets",
  "leave",
];
const WEB_SEED_KINDS: readonly WebSeedFault["kind"][] = [
  "refuses",
  "status",
  "stall",
  "cuts",
  "ignores-range",
  "other-length",
  "endless",
  "poison",
];

/** A run of a whole session as it follows from the seed: that of the scheduler, with leechers and web seeds. */
export function randomSessionScenario(seed: number): SessionScenario {
  const scenario = randomScenario(seed);
  const random = createRandom((seed ^ SEED_MASK) >>> 0);
  const { sizeBytes, troubleEndsMs } = scenario;
  const leechers = Array.from({ length: random.int(0, MAX_LEECHERS + 1) }, (_, index) =>
    randomLeecher(random, index, troubleEndsMs),
  );
  const webSeedCount = random.next() < 0.5 ? 0 : random.int(1, MAX_WEB_SEEDS + 1);
  const webSeeds = Array.from({ length: webSeedCount }, () => randomWebSeed(random, troubleEndsMs));
  const isLimited = random.next() < LIMITED_SHARE;
  const limit = Math.max(MIN_UPLOAD_BYTES_PER_SECOND, Math.ceil(sizeBytes / random.int(5, 20)));
  const [first] = webSeeds;
  const webSeedFinishes = random.next() < 0.5 && first !== undefined && recovers(first);
  return { ...scenario, leechers, webSeeds, ...(isLimited && { uploadBytesPerSecond: limit }), webSeedFinishes };
}

function randomLeecher(random: Random, index: number, troubleEndsMs: number): ScenarioLeecher {
  return {
    host: `10.1.0.${index + 1}`,
    bytesPerSecond: random.int(10_000, 500_000),
    takesBytesPerSecond: random.int(50_000, 2_000_000),
    latencyMs: random.next() < 0.3 ? 0 : random.int(1, 120),
    jitterMs: random.next() < 0.5 ? 0 : random.int(1, 60),
    joinsAtMs: random.next() < 0.6 ? 0 : random.int(0, troubleEndsMs),
    hasEvery: random.pick([0, 0, 2, 3]),
    requestBytes: random.pick([16 * KIB, 16 * KIB, 16 * KIB, 5000, 32 * KIB, 128 * KIB]),
    faults: LEECHER_KINDS.filter(() => random.next() < FAULT_SHARE).map((kind) =>
      randomLeecherFault(random, kind, troubleEndsMs),
    ),
  };
}

function randomLeecherFault(random: Random, kind: LeecherFault["kind"], troubleEndsMs: number): LeecherFault {
  switch (kind) {
    case "asks-absent":
    case "asks-outside":
    case "fidgets":
      return { kind, everyMs: random.int(100, 3000) };
    case "floods":
      return { kind, requests: random.int(50, 1500), everyMs: random.int(200, 2000), bursts: random.int(1, 30) };
    case "repeats":
      return { kind, requests: random.int(1, 800), untilBytes: random.int(100_000, 16_000_000) };
    case "cancels":
      return { kind, share: random.next() };
    case "never-reads":
      return { kind, afterBytes: random.int(2000, 500_000) };
    case "leave":
      return { kind, atMs: random.int(0, troubleEndsMs), returnsAfterMs: random.int(500, 4000) };
  }
}

function randomWebSeed(random: Random, troubleEndsMs: number): ScenarioWebSeed {
  return {
    bytesPerSecond: random.int(60_000, 2_000_000),
    latencyMs: random.int(0, 150),
    faults: WEB_SEED_KINDS.filter(() => random.next() < FAULT_SHARE).map((kind) =>
      randomWebSeedFault(random, kind, troubleEndsMs),
    ),
  };
}

function randomWebSeedFault(random: Random, kind: WebSeedFault["kind"], troubleEndsMs: number): WebSeedFault {
  const fromMs = random.int(0, troubleEndsMs);
  const span = { fromMs, toMs: fromMs + random.int(1, 6000) };
  switch (kind) {
    case "refuses":
      return { kind, ...span };
    case "status":
      return { kind, status: random.pick([404, 429, 500, 503, 503]), retryAfterSeconds: random.int(0, 20), ...span };
    case "stall":
      return { kind, afterBytes: random.int(0, 500_000) };
    case "cuts":
      return { kind, every: random.int(1, 4) };
    case "ignores-range":
    case "other-length":
    case "endless":
      return { kind };
    case "poison":
      return { kind, every: random.int(1, 8) };
  }
}

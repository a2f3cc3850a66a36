import { createRandom, type Random } from "../random.ts";
import type { PeerFault, ReaderAction, ScenarioDisk, ScenarioPeer, SwarmScenario } from "./swarm-scenario.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** Everything that can go wrong has gone wrong by then. */
const TROUBLE_ENDS_MS = 10_000;
const MAX_PEERS = 9;
const MAX_READERS = 3;
/** How likely a kind of trouble is in a run at all: what never happens shows what the others do alone. */
const KIND_SHARE = 0.35;
/** How likely a peer has each of the kinds of its run. */
const FAULT_SHARE = 0.3;
/** How many runs keep not all of the torrent. */
const DISK_SHARE = 0.25;
/**
 * What is drawn of the disk follows from the seed by itself: what the seed meant without it stays as it is. Seeds that were
 * pinned before draw no disk.
 */
const DISK_SEED_MASK = 0xd15c0017;

type FaultKind = PeerFault["kind"];

/** What can be wrong with a peer that is to finish the download when all is healed. */
const HONEST_KINDS: readonly FaultKind[] = [
  "blackhole",
  "stall",
  "pause",
  "choke",
  "never-unchoke",
  "no-rejects",
  "slow-start",
  "lose-requests",
  "leave",
];
const ALL_KINDS: readonly FaultKind[] = [...HONEST_KINDS, "poison", "lie", "partial"];

/** A run as it follows from the seed: 32 bits. */
export function randomScenario(seed: number): SwarmScenario {
  const random = createRandom(seed);
  const shape = randomShape(random);
  const kinds = new Set(ALL_KINDS.filter(() => random.next() < KIND_SHARE));
  // Half of the runs have one peer that never fails: what it alone could do must be done during the trouble already.
  const anchorKinds = random.next() < 0.5 ? [] : HONEST_KINDS.filter((kind) => kinds.has(kind));
  // A tracker that is silent for a while: nobody is known before.
  const silenceMs = random.next() < 0.15 ? random.int(0, TROUBLE_ENDS_MS) : 0;
  const peers = Array.from({ length: random.int(1, MAX_PEERS + 1) }, (_, index) =>
    randomPeer(random, { index, kinds: index === 0 ? anchorKinds : [...kinds], silenceMs }),
  );
  const hasDiskFaults = random.next() < 0.25;
  const hasRests = random.next() < 0.2;
  return {
    seed,
    ...shape,
    peers,
    actions: randomActions(random, shape.sizeBytes),
    windowBytes: random.pick([64 * KIB, 512 * KIB, 16 * MIB]),
    rests: hasRests ? spans(random, 2, 1500) : [],
    diskFaults: hasDiskFaults ? spans(random, 2, 4000) : [],
    writeMs: random.pick([0, 0, 3, 30, 300]),
    ...randomDisk(seed, shape.sizeBytes),
    troubleEndsMs: TROUBLE_ENDS_MS,
  };
}

function randomShape(random: Random): { sizeBytes: number; pieceLengthBytes: number } {
  const pieceLengthBytes = random.pick([16 * KIB, 40_000, 64 * KIB, 256 * KIB, 256 * KIB, MIB, MIB, 4 * MIB]);
  const maxBytes = pieceLengthBytes === 4 * MIB ? 9 * MIB : 3 * MIB;
  return { pieceLengthBytes, sizeBytes: random.int(1, maxBytes) };
}

function randomPeer(
  random: Random,
  { index, kinds, silenceMs }: { index: number; kinds: readonly FaultKind[]; silenceMs: number },
): ScenarioPeer {
  // Few hosts: some peers share one, and are banned together.
  const number = random.next() < 0.1 ? random.int(1, MAX_PEERS) : index;
  const isThin = random.next() < 0.4;
  return {
    host: index === 0 ? "10.0.0.0" : `10.0.0.${Math.max(1, number)}`,
    bytesPerSecond: index > 0 && isThin ? random.int(10_000, 100_000) : random.int(100_000, 2_000_000),
    latencyMs: random.next() < 0.3 ? 0 : random.int(1, 120),
    jitterMs: random.next() < 0.5 ? 0 : random.int(1, 60),
    joinsAtMs: silenceMs + (random.next() < 0.6 ? 0 : random.int(0, TROUBLE_ENDS_MS)),
    faults: kinds.filter(() => random.next() < FAULT_SHARE).map((kind) => randomFault(random, kind)),
  };
}

function randomFault(random: Random, kind: FaultKind): PeerFault {
  const span = randomSpan(random, 4000);
  switch (kind) {
    case "blackhole":
    case "never-unchoke":
    case "no-rejects":
      return { kind };
    case "stall":
      return { kind, afterBytes: random.int(0, 500_000) };
    case "pause":
      return { kind, ...span };
    case "poison":
      // A mask of one's own, or that of the conspiracy.
      return { kind, every: random.int(1, 8), mask: random.next() < 0.5 ? 1 : random.int(2, 256) };
    case "lie":
    case "partial":
      return { kind, every: random.int(2, 6) };
    case "choke":
      return { kind, ...span, stillSends: random.int(0, 5) };
    case "slow-start":
      return { kind, fromBytesPerSecond: random.int(5000, 50_000), durationMs: random.int(500, 5000) };
    case "lose-requests":
      return { kind, keeps: random.int(1, 6) };
    case "leave":
      return { kind, atMs: span.fromMs, ...(random.next() < 0.5 ? {} : { returnsAfterMs: random.int(500, 4000) }) };
  }
}

function randomActions(random: Random, sizeBytes: number): ReaderAction[] {
  const actions: ReaderAction[] = [{ atMs: 0, reader: 0, kind: "read", offsetBytes: 0 }];
  const storm = random.next() < 0.15 ? 30 : 8;
  for (let left = random.int(0, storm); left > 0; left -= 1) {
    const atMs = random.int(0, TROUBLE_ENDS_MS);
    const reader = random.int(0, MAX_READERS);
    if (random.next() < 0.25) actions.push({ atMs, reader, kind: "stop" });
    else actions.push({ atMs, reader, kind: "read", offsetBytes: random.int(0, sizeBytes) });
  }
  return actions.sort((a, b) => a.atMs - b.atMs);
}

function randomDisk(seed: number, sizeBytes: number): { disk?: ScenarioDisk } {
  const random = createRandom(seed ^ DISK_SEED_MASK);
  if (random.next() >= DISK_SHARE) return {};
  const share = (): number => Math.ceil(sizeBytes * (0.15 + 0.75 * random.next()));
  const hasSqueezes = random.next() < 0.3;
  return {
    disk: {
      maxBytes: share(),
      evictMs: random.pick([0, 2, 20, 200, 1000]),
      readMs: random.pick([1, 4, 60]),
      messageMs: random.pick([1, 1, 40]),
      fileCount: random.int(1, 4),
      squeezes: hasSqueezes ? spans(random, 2, 5000).map((span) => ({ ...span, leftBytes: share() })) : [],
    },
  };
}

function spans(random: Random, most: number, longestMs: number): { fromMs: number; toMs: number }[] {
  return Array.from({ length: random.int(1, most + 1) }, () => randomSpan(random, longestMs));
}

function randomSpan(random: Random, longestMs: number): { fromMs: number; toMs: number } {
  const fromMs = random.int(0, TROUBLE_ENDS_MS);
  return { fromMs, toMs: fromMs + random.int(1, longestMs) };
}

import { createRandom, type SimulatedPeerOptions, torrentShape } from "@riptide/sim";
import { FilmPlayer } from "./film-player.ts";
import { SimulatedStorage } from "./simulated-storage.ts";
import { SimulatedSwarm } from "./simulated-swarm.ts";
import { atLeast, atMost, type Story, type StoryGoal } from "./story.ts";

const MIB = 1024 * 1024;
/** A film of 8 Mb/s. */
const FILM_BYTES_PER_SECOND = 1_000_000;
/** The goal of all swarms: ten per cent more than is needed. */
const MAX_WASTED_SHARE = 0.1;
const TEN_MINUTES_MS = 600_000;
/** Two pieces of a film, and the round trips before them. */
const PICTURE_MS = 2500;
/** The memory for pieces that are being put together. */
const PIECE_MEMORY_BYTES = 64 * MIB;

/** Stories of the scheduler alone: long ones, and those that ask for its memory. */
export const SWARM_STORIES: readonly Story[] = [
  { name: "playback at 1.2 times the bitrate", tell: async (seed) => playback(seed) },
  { name: "playback among bad peers", tell: async (seed) => playbackAmongBadPeers(seed) },
  { name: "two viewers far apart", tell: async (seed) => twoViewers(seed) },
  { name: "seek storm", tell: async (seed) => seekStorm(seed) },
  { name: "30 thin peers", tell: async (seed) => thinPeers(seed) },
  { name: "16 MiB pieces", tell: async (seed) => hugePieces(seed) },
  { name: "film longer than the disk budget", tell: async (seed) => filmBeyondDisk(seed) },
];

/** Peers that are not all alike, whose rates add up to `bytesPerSecond`. */
function unlikePeers(count: number, bytesPerSecond: number, seed: number): SimulatedPeerOptions[] {
  const random = createRandom(seed);
  const shares = Array.from({ length: count }, () => 0.3 + random.next());
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share) => ({
    bytesPerSecond: (bytesPerSecond * share) / sum,
    latencyMs: random.int(5, 80),
    jitterMs: random.int(0, 40),
  }));
}

/** Two of each kind, some from the start and some later. Those that also give what is right are thin, or they would help. */
function badPeers(seed: number): SimulatedPeerOptions[] {
  const random = createRandom(seed ^ 0xbad);
  const peer = (fault: Partial<SimulatedPeerOptions>): SimulatedPeerOptions => ({
    bytesPerSecond: random.int(50_000, 300_000),
    latencyMs: random.int(5, 80),
    jitterMs: random.int(0, 40),
    joinsAtMs: random.pick([0, 0, random.int(0, TEN_MINUTES_MS / 2)]),
    ...fault,
  });
  const thin = () => ({ bytesPerSecond: random.int(10_000, 40_000) });
  const twice = (fault: () => Partial<SimulatedPeerOptions>): SimulatedPeerOptions[] => [peer(fault()), peer(fault())];
  return [
    ...twice(() => ({ stallsAfterBytes: random.int(0, 20_000_000) })),
    ...twice(() => ({ isBlackhole: true })),
    ...twice(() => ({ poisons: ({ piece }) => piece % 3 === 0 })),
    ...twice(() => ({ ...thin(), liesAbout: (piece) => piece % 2 === 0 })),
    ...twice(() => ({
      ...thin(),
      // By then all have come.
      leavesAtMs: random.int(TEN_MINUTES_MS / 2, TEN_MINUTES_MS),
      returnsAfterMs: random.int(1000, 60_000),
    })),
  ];
}

function playback(
  seed: number,
  others: readonly SimulatedPeerOptions[] = [],
  pictureMs: number = PICTURE_MS,
): StoryGoal[] {
  const peers = [...unlikePeers(12, 1.2 * FILM_BYTES_PER_SECOND, seed), ...others];
  const geometry = torrentShape(640 * MIB, MIB);
  const swarm = new SimulatedSwarm({ geometry, peers, seed });
  const player = new FilmPlayer(swarm, { id: 0, bytesPerSecond: FILM_BYTES_PER_SECOND, offset: 0 });
  swarm.run(TEN_MINUTES_MS);
  return [
    atMost("stalls in ten minutes", player.stallsAtMs.length, 0),
    atMost("picture after, ms", player.startedAtMs ?? Number.POSITIVE_INFINITY, pictureMs),
    atMost("wasted, share", swarm.downloader.stats.wastedBytes / swarm.sentBytes, MAX_WASTED_SHARE),
  ];
}

/** What honest peers give is as little as in `playback`, and the others must not take of it; at the start a silent peer costs a second, or a liar. */
function playbackAmongBadPeers(seed: number): StoryGoal[] {
  return playback(seed, badPeers(seed), PICTURE_MS + 1500);
}

function twoViewers(seed: number): StoryGoal[] {
  const peers = unlikePeers(10, 1.3 * FILM_BYTES_PER_SECOND, seed);
  const swarm = new SimulatedSwarm({ geometry: torrentShape(1024 * MIB, MIB), peers, seed });
  const rate = FILM_BYTES_PER_SECOND / 2;
  const first = new FilmPlayer(swarm, { id: 0, bytesPerSecond: rate, offset: 0 });
  swarm.run(20_000);
  const startMs = swarm.nowMs;
  const second = new FilmPlayer(swarm, { id: 1, bytesPerSecond: rate, offset: 700 * MIB });
  swarm.run(180_000);
  return [
    atMost("stalls of the first", first.stallsAtMs.length, 0),
    atMost("stalls of the second", second.stallsAtMs.length, 0),
    atMost("picture of the second after, ms", (second.startedAtMs ?? Number.POSITIVE_INFINITY) - startMs, 2000),
  ];
}

function seekStorm(seed: number): StoryGoal[] {
  const random = createRandom(seed);
  const rate = 2_000_000;
  const peers = [...unlikePeers(8, rate, seed), { bytesPerSecond: 1_000_000, isBlackhole: true }];
  const swarm = new SimulatedSwarm({ geometry: torrentShape(1024 * MIB, MIB), peers, seed });
  swarm.read(0, 0);
  swarm.run(2000);
  // Back and forth over twenty places, ten times a second.
  for (let seek = 0; seek < 100; seek++) {
    swarm.read(0, random.int(0, 20) * 50 * MIB);
    swarm.run(100);
  }
  const bytesBefore = swarm.sentBytes;
  swarm.read(0, 1010 * MIB);
  const seekMs = swarm.untilStored(1010);
  const seekBytes = swarm.sentBytes - bytesBefore;
  swarm.stopReading(0);
  swarm.run(2000);
  const owed = [...swarm.connections.values()].reduce((sum, connection) => sum + connection.owed.size, 0);
  return [
    // One piece, and the longest round trip.
    atMost("last seek, ms", seekMs, 1.15 * ((MIB / rate) * 1000 + 160)),
    // The goal is 1.1: what was asked of several peers at once for the window behind the piece is counted here, too.
    atMost("bytes for the last seek, share of needed", seekBytes / MIB, 1.6),
    atMost("requests left behind", owed, 0),
    atMost("wasted, share", swarm.downloader.stats.wastedBytes / swarm.sentBytes, MAX_WASTED_SHARE),
    atMost("memory, bytes", swarm.maxBufferBytes, PIECE_MEMORY_BYTES),
  ];
}

function thinPeers(seed: number): StoryGoal[] {
  const rate = 30 * 40_000;
  const peers = unlikePeers(30, rate, seed);
  const sizeBytes = 24 * MIB;
  const swarm = new SimulatedSwarm({ geometry: torrentShape(sizeBytes, MIB), peers, seed });
  swarm.read(0, 0);
  const isComplete = swarm.untilComplete(120_000);
  return [
    atLeast("complete", Number(isComplete), 1),
    atMost("time, share of what the rates allow", swarm.nowMs / ((sizeBytes / rate) * 1000), 1.15),
    atMost("wasted, share", swarm.downloader.stats.wastedBytes / swarm.sentBytes, MAX_WASTED_SHARE),
  ];
}

function hugePieces(seed: number): StoryGoal[] {
  const rate = 4_000_000;
  const swarm = new SimulatedSwarm({
    geometry: torrentShape(640 * MIB, 16 * MIB),
    peers: unlikePeers(6, rate, seed),
    seed,
  });
  swarm.read(0, 0);
  swarm.read(1, 639 * MIB);
  const idealMs = ((32 * MIB) / rate) * 1000 + 320;
  const headMs = swarm.untilStored(0);
  const tailMs = headMs + swarm.untilStored(39);
  for (let place = 1; place < 10; place++) {
    swarm.read(0, place * 64 * MIB);
    swarm.run(300);
  }
  const startMs = swarm.nowMs;
  swarm.read(0, 304 * MIB);
  swarm.untilStored(19);
  return [
    atMost("head and tail, ms", Math.max(headMs, tailMs), 1.15 * idealMs),
    atMost("seek, ms", swarm.nowMs - startMs, 1.15 * (((16 * MIB) / rate) * 1000 + 160)),
    atMost("memory, bytes", swarm.maxBufferBytes, PIECE_MEMORY_BYTES),
  ];
}

/** Its index is read, then it is played to its end, and once more from its start. */
function filmBeyondDisk(seed: number): StoryGoal[] {
  const maxBytes = 64 * MIB;
  const [pieceCount, endPieces] = [300, 8];
  const sizeBytes = pieceCount * MIB;
  const peers = unlikePeers(8, 1.3 * FILM_BYTES_PER_SECOND, seed);
  const swarm = new SimulatedSwarm({ geometry: torrentShape(sizeBytes, MIB), peers, seed });
  const storage = new SimulatedStorage(swarm, { maxBytes, evictMs: 30 });
  storage.readers.read(1, sizeBytes - endPieces * MIB, endPieces * MIB);
  swarm.runUntil(() => storage.readers.offset(1) === sizeBytes, 20_000);
  const film = { bytesPerSecond: FILM_BYTES_PER_SECOND, offset: 0, storage };
  const player = new FilmPlayer(swarm, { ...film, id: 0 });
  swarm.run((sizeBytes / FILM_BYTES_PER_SECOND) * 1000 + 5000);
  const keptPieces = [...swarm.stored.keys()];
  const ends = keptPieces.filter((piece) => piece < endPieces || piece >= pieceCount - endPieces);
  const firstHalf = keptPieces.filter((piece) => piece >= endPieces && piece < pieceCount / 2);
  const seekMs = swarm.nowMs;
  const again = new FilmPlayer(swarm, { ...film, id: 2 });
  swarm.run(60_000);
  return [
    atMost("stalls", player.stallsAtMs.length + again.stallsAtMs.length, 0),
    atLeast("pieces of its head and its index at its end", ends.length, 2 * endPieces),
    atMost("pieces of its first half but for the head", firstHalf.length, 0),
    atMost("picture after the seek to the start, ms", (again.startedAtMs ?? Number.POSITIVE_INFINITY) - seekMs, 100),
    atMost("kept, bytes", storage.maxKeptBytes, maxBytes),
    // The second time, a minute of the film and the window in front of it.
    atMost("stored, share of what was wanted", storage.storedBytes / (sizeBytes + 110 * FILM_BYTES_PER_SECOND), 1),
    atMost("wasted, share", swarm.downloader.stats.wastedBytes / swarm.sentBytes, MAX_WASTED_SHARE),
  ];
}

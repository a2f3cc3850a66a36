import { behaviourOf, isPoisoner, type ScenarioDisk, type SwarmScenario, torrentShape } from "@riptide/sim";
import { MIN_PIECE_BUFFERS, PIECE_MEMORY_BYTES } from "../../src/download/buffer-pool.ts";
import { BLOCK_LENGTH_BYTES } from "../../src/types.ts";
import { SimulatedStorage } from "./simulated-storage.ts";
import { SimulatedSwarm, STORAGE_RETRY_MS } from "./simulated-swarm.ts";
import { READ_BYTES } from "./storage-readers.ts";
import { type Haul, haulOf, wasteFailure } from "./waste.ts";

/** After the last reader has gone, what was asked for is taken back within this, second thoughts and a tick included. */
const QUIET_AFTER_MS = 300;
/** How long nothing may be asked for when nobody wants anything. */
const QUIET_MS = 2000;
/** Beyond the share that may come in vain in any run: of 16,000 seeds the worst needed 7 blocks, */
const SPARE_BLOCKS = 16;
/** and 27 where not all can be kept, besides 2 for each time that all was taken back until there was room (see seed 8003929). */
const SPARE_DISK_BLOCKS = 64;
const BLOCKS_PER_HOLD_UP = 2;
/** Of 10,000 seeds the worst needed 4. */
const HASH_FAILURES_PER_LIAR = 8;

/** What the disk budget takes to look twice, before and after it has made room. */
const REVIEWS_MS = 40;

/** How a run went; `failure` says what was wrong first. */
export interface ScenarioOutcome {
  readonly failure: string | undefined;
  readonly haul: Haul;
  /** From healing to the last piece. */
  readonly finishMs: number;
}

/** A swarm, and the storage policy over it where not all of the torrent can be kept. */
interface World {
  readonly swarm: SimulatedSwarm;
  readonly storage: SimulatedStorage | undefined;
}

/**
 * One run of the engine's scheduler, trust and storage policy. First safety: in all the trouble nothing may go wrong. Then
 * liveness: all is healed, and what is left must come before a deadline.
 */
export async function runScenario(scenario: SwarmScenario): Promise<ScenarioOutcome> {
  const world = startScenario(scenario);
  const { swarm } = world;
  let finishMs = Number.POSITIVE_INFINITY;
  let failure: string | undefined;
  try {
    failure = await safetyFailure(world, scenario);
    if (failure === undefined) {
      const startMs = swarm.nowMs;
      swarm.heal();
      failure = await livenessFailure(world, scenario);
      finishMs = swarm.nowMs - startMs;
    }
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  return { failure, haul: haulOf(swarm.downloader.stats, swarm.geometry), finishMs };
}

function startScenario(scenario: SwarmScenario): World {
  const { actions, disk, diskFaults, peers, rests, seed, sizeBytes, pieceLengthBytes, windowBytes, writeMs } = scenario;
  const isDiskBroken = (nowMs: number) => diskFaults.some(({ fromMs, toMs }) => nowMs >= fromMs && nowMs < toMs);
  const swarm: SimulatedSwarm = new SimulatedSwarm({
    geometry: torrentShape(sizeBytes, pieceLengthBytes),
    peers: peers.map(behaviourOf),
    store: (piece) => (isDiskBroken(swarm.nowMs) || storage?.hasRoomFor(piece) === false ? false : writeMs),
    restsWhenStoreFails: true,
    windowBytes,
    seed,
  });
  const storage = disk && new SimulatedStorage(swarm, { ...disk, leftBytes: (nowMs) => leftBytes(disk, nowMs) });
  for (const action of actions) {
    swarm.at(action.atMs, () => {
      if (action.kind === "stop") (storage?.readers ?? swarm.readers).stop(action.reader);
      else if (storage === undefined) swarm.read(action.reader, action.offsetBytes);
      else storage.readers.read(action.reader, action.offsetBytes, windowBytes);
    });
  }
  for (const { fromMs, toMs } of rests) {
    swarm.at(fromMs, () => swarm.downloader.pause(swarm.nowMs));
    swarm.at(toMs, () => swarm.downloader.resume(swarm.nowMs));
  }
  return { swarm, storage };
}

function leftBytes({ squeezes }: ScenarioDisk, nowMs: number): number {
  const now = squeezes.filter(({ fromMs, toMs }) => nowMs >= fromMs && nowMs < toMs);
  return Math.min(...now.map((squeeze) => squeeze.leftBytes));
}

/** The swarm itself checks bytes and requests, the storage evictions; here is what only shows in the whole. */
async function safetyFailure(world: World, scenario: SwarmScenario): Promise<string | undefined> {
  await run(world, scenario.troubleEndsMs);
  return (await quietFailure(world, scenario)) ?? figuresFailure(world, scenario);
}

/** What is wrong after the last reader has gone. */
async function quietFailure(world: World, { disk, writeMs }: SwarmScenario): Promise<string | undefined> {
  const { swarm, storage } = world;
  const readers = storage?.readers ?? swarm.readers;
  for (const reader of readers.ids) readers.stop(reader);
  await run(world, QUIET_AFTER_MS);
  const leaked = owingPeers(swarm);
  if (leaked !== undefined) return `Nobody reads any more, but ${leaked}`;
  const requestedBefore = swarm.requested;
  // What the disk refused is stored yet (seed 706938754); something may be on its way out, and more may have to go that was held until
  // then (seed 2000638).
  await run(world, QUIET_MS + STORAGE_RETRY_MS + writeMs + 2 * goneMs(disk));
  if (swarm.requested > requestedBefore) return "Nobody reads any more, but blocks are asked for";
  return storage?.idleFailure();
}

async function livenessFailure(world: World, scenario: SwarmScenario): Promise<string | undefined> {
  const { swarm, storage } = world;
  if (storage !== undefined) return (await readingFailure(world, scenario)) ?? figuresFailure(world, scenario);
  swarm.read(0, 0);
  swarm.wantAll();
  const limitMs = deadlineMs(scenario);
  if (!swarm.untilComplete(limitMs)) {
    return `All is healed, but after ${limitMs} ms ${swarm.geometry.pieceCount - swarm.stored.size} pieces are missing`;
  }
  swarm.stopReading(0);
  swarm.run(QUIET_AFTER_MS);
  const leaked = owingPeers(swarm);
  if (leaked !== undefined) return `All is there, but ${leaked}`;
  const { activePieces } = swarm.downloader.stats;
  const { usefulBytes } = haulOf(swarm.downloader.stats, swarm.geometry);
  if (usefulBytes !== scenario.sizeBytes) return `All ${scenario.sizeBytes} bytes are there, but ${usefulBytes} count`;
  if (activePieces > 0) return `All is there, but ${activePieces} pieces are still being put together`;
  if (!swarm.downloader.isIdle) return "All is there, but the downloader is not idle";
  return figuresFailure(world, scenario);
}

/** Not all can be kept: somebody reads from the start to the end, and once more what was given up meanwhile. */
async function readingFailure(world: World, scenario: SwarmScenario): Promise<string | undefined> {
  const { swarm, storage } = world;
  const { windowBytes, sizeBytes, pieceLengthBytes } = scenario;
  const limitMs = deadlineMs(scenario);
  const readTo = async (start: number, end: number): Promise<string | undefined> => {
    storage?.readers.read(0, start, windowBytes);
    const isRead = () => (storage?.readers.offset(0) ?? 0) >= end;
    if (await runUntil(world, isRead, limitMs)) return undefined;
    return `All is healed, but after ${limitMs} ms only ${storage?.readers.offset(0)} of ${end} bytes have been read`;
  };
  const failure = await readTo(0, sizeBytes);
  if (failure !== undefined) return failure;
  const missing = Array.from({ length: swarm.geometry.pieceCount }, (_, piece) => piece).find(
    (piece) => !swarm.stored.has(piece),
  );
  const start = (missing ?? 0) * pieceLengthBytes;
  return (await readTo(start, Math.min(sizeBytes, start + pieceLengthBytes))) ?? (await quietFailure(world, scenario));
}

async function run(world: World, durationMs: number): Promise<void> {
  await runUntil(world, () => false, durationMs);
}

async function runUntil({ swarm, storage }: World, isDone: () => boolean, limitMs: number): Promise<boolean> {
  return storage === undefined ? swarm.runUntil(isDone, limitMs) : await storage.runUntil(isDone, limitMs);
}

/** By when a healed swarm must have finished: a peer that was silent is asked again after ten seconds, twenty the next time. */
function deadlineMs(scenario: SwarmScenario): number {
  const { peers, sizeBytes } = scenario;
  const anchorRate = peers[0]?.bytesPerSecond ?? 1;
  return 60_000 + 2 * (sizeBytes / anchorRate) * 1000 + roomMs(scenario);
}

/** Where not all can be kept, each piece may have to wait until another one is gone, and is read in several parts. */
function roomMs({ disk, sizeBytes, pieceLengthBytes }: SwarmScenario): number {
  if (disk === undefined) return 0;
  const pieceMs = goneMs(disk) + REVIEWS_MS;
  return Math.ceil(sizeBytes / pieceLengthBytes) * pieceMs + Math.ceil(sizeBytes / READ_BYTES) * disk.readMs;
}

/** From the decision that pieces go until it is known that they are gone. */
function goneMs(disk: ScenarioDisk | undefined): number {
  return disk === undefined ? 0 : disk.evictMs + 2 * disk.messageMs;
}

function owingPeers(swarm: SimulatedSwarm): string | undefined {
  for (const [key, { host, owed }] of swarm.connections) {
    const { inFlight } = swarm.downloader.peerStats(key);
    if (inFlight > 0) return `${inFlight} blocks are expected of ${host}`;
    if (owed.size > 0) return `${host} was not told that ${owed.size} blocks are not wanted`;
  }
  return undefined;
}

function figuresFailure(world: World, scenario: SwarmScenario): string | undefined {
  const { swarm } = world;
  const liars = new Set(scenario.peers.filter(isPoisoner).map(({ host }) => host));
  for (const { host, reason } of swarm.bans)
    if (!liars.has(host)) return `${host} is honest, but was banned: ${reason}`;
  for (const { host, peer } of swarm.connections.values()) {
    // A request may cross a choke that has ended when it arrives: the peer keeps it, and we think that it does not (seed 8000313).
    if ((peer.options.chokes ?? []).length > 0) continue;
    if (peer.repeatedRequests > 0) return `${host} was asked again for ${peer.repeatedRequests} blocks that it owed`;
  }
  const { geometry } = swarm;
  const { stats } = swarm.downloader;
  const memoryLimit = memoryLimitBytes(swarm, scenario);
  if (swarm.maxBufferBytes > memoryLimit) return `${swarm.maxBufferBytes} bytes of memory are held, not ${memoryLimit}`;
  if (stats.hashFailures > HASH_FAILURES_PER_LIAR * liars.size) return `${stats.hashFailures} pieces were wrong`;
  return wasteFailure(haulOf(stats, geometry), spareBytes(world));
}

/** What may come in vain however little was of use: the blocks that are under way when minds change. */
function spareBytes({ storage }: World): number {
  const blocks = storage === undefined ? SPARE_BLOCKS : SPARE_DISK_BLOCKS + BLOCKS_PER_HOLD_UP * storage.holdUps;
  return blocks * BLOCK_LENGTH_BYTES;
}

/** The budget, and no more than the pieces that were being put together, each with three bad copies if somebody lied. */
function memoryLimitBytes(swarm: SimulatedSwarm, { pieceLengthBytes }: SwarmScenario): number {
  const buffers = swarm.maxActivePieces * (swarm.failedPieces > 0 ? 4 : 1);
  return Math.min(buffers * pieceLengthBytes, Math.max(PIECE_MEMORY_BYTES, MIN_PIECE_BUFFERS * pieceLengthBytes));
}
